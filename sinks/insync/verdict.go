package insync

import (
	"fmt"
	"strings"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Kind is what was found of a key.
type Kind uint8

// The kinds. Those from MissingOnline on are faults.
const (
	Equal   Kind = iota // both stores have the same row, or rightly none
	Ahead               // online has a row that the snapshot doesn't reach yet
	Lagging             // the snapshot has a row that may not be online yet
	Expired             // not online, and the row's life is over

	MissingOnline  // not online, though its newest row was written there
	StaleOnline    // an older row is online than was written there
	MissingOffline // the snapshot lacks a row that is online, though it reaches past it
	Differs        // both have the same row, with other values or another time
	Undead         // online, though it was deleted
	Extra          // online, though the log has another row, or one for the offline store alone, where it says that it is from
	Twice          // offline, an identity or a place in the log is there more than once

	kinds = iota
)

var kindNames = [kinds]string{
	"equal", "ahead", "lagging", "expired",
	"missing_online", "stale_online", "missing_offline", "differs", "undead", "extra", "twice",
}

// String is the kind as the JSON report names it.
func (k Kind) String() string { return kindNames[k] }

// Fault reports whether such a key is a difference between the stores.
func (k Kind) Fault() bool { return k >= MissingOnline }

// causes are what is likely behind a fault.
var causes = [kinds]string{
	MissingOnline:  "a delete by hand, a TTL that was cut short, or an online store that was restored from before",
	StaleOnline:    "an online store that was restored from before, or a write by hand",
	MissingOffline: "a commit that was lost, or a table that was rolled back",
	Differs:        "a change by hand in one of the stores",
	Undead:         "a delete that one store lost, or a write by hand",
	Extra:          "a write by hand",
	Twice:          "a commit that was applied twice, or a copy by hand",
}

// Difference is one key that the stores don't agree about.
type Difference struct {
	Kind    Kind
	Key     []any            // by feature.Group.PrimaryKey
	Online  *feature.Version // nil: no row
	Offline *feature.Version // of the newest row there; nil: none
}

// Cause is what is likely behind it.
func (d Difference) Cause() string { return causes[d.Kind] }

// String names the key and both places in the log.
func (d Difference) String() string {
	var key []string
	for _, v := range d.Key {
		key = append(key, show(v))
	}
	return fmt.Sprintf("%v: key %s: online %s, offline %s: %s", d.Kind, strings.Join(key, ", "), where(d.Online), where(d.Offline), d.Cause())
}

func where(v *feature.Version) string {
	switch {
	case v == nil:
		return "nothing"
	case v.Delete:
		return "a delete at " + placeText(*v)
	}
	return placeText(*v)
}

func placeText(v feature.Version) string {
	return fmt.Sprintf("offset %d of partition %d, epoch %d", v.Offset, v.Partition, v.Epoch)
}

// Verdict is what a verification found.
type Verdict struct {
	Snapshot    string // of the offline table
	Rows        int64  // of the snapshot that were read
	Keys        int64  // that were compared
	Count       [kinds]int64
	OfflineOnly int64 // keys all of whose rows were meant for the offline store alone
	OnlineOnly  int64 // keys whose row online was meant for that store alone
	Deleted     int64 // equal, and deleted
	Undecided   int64 // keys that look like faults, but that a delete that isn't offline yet may explain

	Faults []Difference // the first hundred, by kind
}

// OK reports whether the stores are in step.
func (v Verdict) OK() bool { return v.Found() == 0 && v.Undecided == 0 }

// Found is how many keys are faults.
func (v Verdict) Found() (n int64) {
	for k := MissingOnline; k < kinds; k++ {
		n += v.Count[k]
	}
	return n
}

// Exit is the command's exit code: 0 in step, 1 differences, 2 couldn't tell.
func (v Verdict) Exit() int {
	switch {
	case v.Found() > 0:
		return 1
	case v.Undecided > 0:
		return 2
	}
	return 0
}
