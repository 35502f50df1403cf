package stages

import "strconv"

// LatePolicy is what becomes of rows that come at the wrong time.
type LatePolicy uint8

// The policies.
const (
	Drop   LatePolicy = iota // not for the online store; the offline one keeps it as history
	Pass                     // as any other row
	Reject                   // to the dead letters, and to neither store
)

// String is the name of the policy.
func (p LatePolicy) String() string {
	if p > Reject {
		return "LatePolicy(" + strconv.Itoa(int(p)) + ")"
	}
	return [...]string{"drop", "pass", "reject"}[p]
}
