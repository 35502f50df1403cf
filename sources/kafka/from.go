package kafka

import "time"

// From is where a partition begins that is read for the first time. The zero
// From is Earliest.
type From struct {
	latest bool
	since  time.Time
}

// The two ends of the log.
var (
	Earliest = From{}
	Latest   = From{latest: true}
)

// Since begins with the first record whose timestamp is t or later.
func Since(t time.Time) From { return From{since: t} }

// String is earliest, latest or since a time.
func (f From) String() string {
	switch {
	case f.latest:
		return "latest"
	case !f.since.IsZero():
		return "since " + f.since.Format(time.RFC3339)
	}
	return "earliest"
}
