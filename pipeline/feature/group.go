package feature

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Group declares a feature group: its name, its identity and its order. It is
// the one place where those are said; stages and sinks read them from here.
type Group struct {
	Name       string   // required: letters, digits and underscores, a letter first
	Version    int      // default 1
	PrimaryKey []string // required: the columns that name an entity
	EventTime  string   // optional: the column that says when a row was true
	Order      Order    // default ByLog

	// Keys says whether all rows of a key lie in one partition of their topic. By
	// log they do, or there is no order. By event time it has no default, and
	// stages that need to know ask for it.
	Keys Placement

	// TTL is how long a row lives in the online store, counted from its event
	// time if one is declared, else from its record's timestamp. Zero: for ever.
	TTL time.Duration

	// Evolve lets the group grow while it runs: a field that a writer's schema
	// adds becomes a column of both stores before its first row is written. Such
	// a column is null in every row whose writer didn't have it.
	Evolve bool
}

// Order says which of two rows of one key is the newer.
type Order uint8

const (
	// ByLog takes Kafka's promise: the later position in the log is the newer row.
	ByLog Order = iota
	// ByEventTime takes the greater event time, so that a late row never wins.
	ByEventTime
)

// Placement says where the rows of one key lie in the log, for as long as an
// epoch lasts. That is decided by those who write the topic.
type Placement uint8

const (
	_ Placement = iota
	// KeysStay takes Kafka's promise: every producer hashes keys alike, and
	// partitions that are added begin a new epoch. Stages may then judge a row by
	// those of its own partition, and stop the graph at a key that they see in two.
	KeysStay
	// KeysMove says that rows of a key may lie in several partitions: producers
	// hash keys differently, as clients of several languages do, or don't hash them.
	KeysMove
)

// String is the constant's name without its prefix, in small letters.
func (p Placement) String() string {
	switch p {
	case 0:
		return "unknown"
	case KeysStay:
		return "stay"
	case KeysMove:
		return "move"
	}
	return "placement(" + strconv.Itoa(int(p)) + ")"
}

// KeysStay reports whether all rows of a key lie in one partition: by log always,
// by event time if Keys says so.
func (g Group) KeysStay() bool {
	return g.Keys == KeysStay || g.Keys == 0 && g.Order == ByLog
}

// String is what ParseOrder reads.
func (o Order) String() string {
	switch o {
	case ByLog:
		return "log"
	case ByEventTime:
		return "event-time"
	}
	return "order(" + strconv.Itoa(int(o)) + ")"
}

// ParseOrder reads what String writes.
func ParseOrder(s string) (Order, error) {
	switch s {
	case "log":
		return ByLog, nil
	case "event-time":
		return ByEventTime, nil
	}
	return 0, fmt.Errorf("order %q: want log or event-time", s)
}

// Table is the group's name in a store: <name>_<version>.
func (g Group) Table() string {
	return g.Name + "_" + strconv.Itoa(max(g.Version, 1))
}

// Validate reports all that is wrong with the group itself. That its columns
// exist is for NewSchema to say.
func (g Group) Validate() error {
	var errs []error
	if err := CheckName(g.Name); err != nil {
		errs = append(errs, fmt.Errorf("feature group: %w", err))
	}
	if g.Version < 0 {
		errs = append(errs, fmt.Errorf("feature group %q: version %d is negative", g.Name, g.Version))
	}
	if len(g.PrimaryKey) == 0 {
		errs = append(errs, fmt.Errorf("feature group %q: no primary key", g.Name))
	}
	if g.Order > ByEventTime {
		errs = append(errs, fmt.Errorf("feature group %q: unknown %v", g.Name, g.Order))
	}
	if g.Order == ByEventTime && g.EventTime == "" {
		errs = append(errs, fmt.Errorf("feature group %q: ordered by event time, but no event-time column is declared", g.Name))
	}
	if g.Keys > KeysMove {
		errs = append(errs, fmt.Errorf("feature group %q: unknown %v of keys", g.Name, g.Keys))
	}
	if g.Order == ByLog && g.Keys == KeysMove {
		errs = append(errs, fmt.Errorf("feature group %q: KeysMove, but ordered by log: offsets of two partitions don't say which row is the newer", g.Name))
	}
	if g.TTL < 0 {
		errs = append(errs, fmt.Errorf("feature group %q: TTL %v is negative", g.Name, g.TTL))
	}
	return errors.Join(errs...)
}

// maxName is what the narrowest store takes: Cassandra's 48 bytes of a table
// name, less room for the version.
const maxName = 40

// CheckName refuses a name that can't stand unescaped in CQL, SQL and a file
// path: Avro's rule for names, and a bound on their length.
func CheckName(s string) error {
	if s == "" || len(s) > maxName {
		return fmt.Errorf("name %q: want 1 to %d characters", s, maxName)
	}
	for i := range len(s) {
		c := s[i]
		letter := c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return fmt.Errorf("name %q: want letters, digits and underscores, and no digit first", s)
		}
	}
	return nil
}
