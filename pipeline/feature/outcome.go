package feature

import (
	"fmt"
	"strings"
)

// Store is one of the two that are kept in step.
type Store uint8

// The two stores.
const (
	Online  Store = iota // serves the newest row of each key
	Offline              // keeps every row for training
)

// String is online or offline.
func (s Store) String() string { return [...]string{"online", "offline"}[s] }

// Stores lists both.
func Stores() [2]Store { return [2]Store{Online, Offline} }

// Outcome is what became of a row on its way to one store. A row that is dropped
// stays in its batch with its reason, so that spans balance and nothing
// disappears uncounted.
type Outcome uint8

// The outcomes. Those after Replayed are Filtered too, and say why.
const (
	Pending    Outcome = iota // on its way; counted as written once it is durable
	Duplicate                 // the same row was there before
	Superseded                // a newer row of its identity was in the same write
	Late                      // a newer row of its identity was known before
	Filtered                  // a stage or its producer didn't want it in this store
	Dead                      // it went to the dead letters
	Replayed                  // it only fills the state of stages, and isn't counted

	OtherGroup  // it is of another feature group than this one's, on a topic that they share
	OnlineOnly  // its producer meant it for the online store alone
	OfflineOnly // its producer meant it for the offline store alone
	Unwanted    // a Filter or a Map didn't want it
	FarFuture   // its event time lies too far ahead
)

var outcomeNames = [...]string{"written", "duplicate", "superseded", "late", "filtered", "dead", "replayed"}

// String is the word that the ledger counts it by.
func (f Outcome) String() string {
	if f.filtered() {
		f = Filtered
	}
	return outcomeNames[f]
}

// filtered reports whether the row is counted as Filtered, with a reason or without.
func (f Outcome) filtered() bool { return f == Filtered || f > Replayed }

// Tally counts rows by their outcome at one store. Read is the sum of the six
// that follow it.
type Tally struct {
	Read       int64 `json:"read"`
	Written    int64 `json:"written"`
	Duplicate  int64 `json:"duplicate"`
	Superseded int64 `json:"superseded"`
	Late       int64 `json:"late"`
	Filtered   int64 `json:"filtered"`
	Dead       int64 `json:"dead"`

	// Replaced rows were in the store and gave way to a later row of their
	// identity. They stand beside the sum, not in it.
	Replaced int64 `json:"replaced"`

	// Reasons says of Filtered why, as far as anybody said.
	Reasons Reasons `json:"reasons,omitzero"`
}

// Count adds one row.
func (t *Tally) Count(f Outcome) {
	switch f {
	case Pending:
		t.Written++
	case Duplicate:
		t.Duplicate++
	case Superseded:
		t.Superseded++
	case Late:
		t.Late++
	case Dead:
		t.Dead++
	case Replayed:
		return
	default:
		t.Filtered++
		t.Reasons.count(f)
	}
	t.Read++
}

// Move changes a counted row's outcome from written to another.
func (t *Tally) Move(to Outcome) {
	t.Written--
	t.Read--
	t.Count(to)
}

// Add sums.
func (t *Tally) Add(o Tally) { t.add(o, 1) }

// Sub takes away what Add added.
func (t *Tally) Sub(o Tally) { t.add(o, -1) }

func (t *Tally) add(o Tally, sign int64) {
	t.Read += sign * o.Read
	t.Written += sign * o.Written
	t.Duplicate += sign * o.Duplicate
	t.Superseded += sign * o.Superseded
	t.Late += sign * o.Late
	t.Filtered += sign * o.Filtered
	t.Dead += sign * o.Dead
	t.Replaced += sign * o.Replaced
	for i := range t.Reasons {
		t.Reasons[i] += sign * o.Reasons[i]
	}
}

// String is the sum, as "read 6 = 4 written + 1 duplicate + 1 dead"; counts of zero
// are left out, and what the sum doesn't include stands after it.
func (t Tally) String() string {
	var parts []string
	for i, n := range []int64{t.Written, t.Duplicate, t.Superseded, t.Late, t.Filtered, t.Dead} {
		if n != 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, outcomeNames[i]))
		}
	}
	if parts == nil {
		parts = []string{"0"}
	}
	s := fmt.Sprintf("read %d = %s", t.Read, strings.Join(parts, " + "))
	if t.Replaced != 0 {
		s += fmt.Sprintf(", %d replaced", t.Replaced)
	}
	for reason, n := range t.Reasons.All() {
		s += fmt.Sprintf(", %d filtered for: %s", n, reason)
	}
	return s
}

// Balanced reports whether every row that was read is accounted for once.
func (t Tally) Balanced() bool {
	return t.Read == t.Written+t.Duplicate+t.Superseded+t.Late+t.Filtered+t.Dead
}
