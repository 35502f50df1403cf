package stages

import "strconv"

// Policy is what becomes of rows that come at the wrong time, or by the wrong
// schema.
type Policy uint8

// The policies.
const (
	Drop   Policy = iota // not for the online store; the offline one keeps it as history
	Pass                 // as any other row
	Reject               // to the dead letters, and to neither store
	Stop                 // the graph stops there; for Decode.Incompatible only
)

// String is the name of the policy.
func (p Policy) String() string {
	if p > Stop {
		return "policy(" + strconv.Itoa(int(p)) + ")"
	}
	return [...]string{"drop", "pass", "reject", "stop"}[p]
}
