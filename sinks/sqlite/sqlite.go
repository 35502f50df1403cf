// Package sqlite is the embedded online terminal: it keeps the newest row of
// each key in one SQLite file that people can open.
//
// A group's rows are in the table <name>_<version>_rows, and what people and
// services read is the view <name>_<version>: live rows only, under their Avro
// names. A delete stays in the table, hidden by the view, so that a late older
// row can't bring the key back.
//
// Values come back to the bit, which SQLite's own types don't do for all of them:
//
//	bool           INTEGER 0 or 1
//	int, long      INTEGER; dates, times and timestamps in the unit of the Avro type
//	float, double  REAL; NaN, which SQLite turns into NULL, and -0.0, which it turns
//	               into 0.0, are BLOBs of the 4 or 8 big-endian bytes of the value
//	string         TEXT
//	bytes, fixed,  BLOB; a duration is the 12 bytes that Avro has
//	duration
//	decimal        TEXT with all digits of its scale: 123.40
//	uuid           TEXT: f81d4fae-7dec-11d0-a765-00a0c91e6bf6
//	array          TEXT of a JSON array, which json_each reads
//	map            TEXT of a JSON object, in the order of the keys, which json_each reads
//	record         TEXT of a JSON object, in the order of the fields, which json_extract reads
//
// What JSON has no word for is a string in it: "Infinity", "-Infinity",
// "NaN:7ff8000000000000" with the value's bits, bytes as "0x…", decimals and UUIDs.
//
// Where the group grows, new columns are added to the table and the view in one
// transaction. Columns that other processes added meanwhile are seen by the next
// transaction: its rows have null there.
package sqlite

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// Sink keeps the newest row of each key. Several processes may write to one
// file, and any number may read it meanwhile.
//
// Each Write is durable when it returns, on a power cut too: the file is in WAL
// mode with synchronous=FULL, because NORMAL may lose the last transactions
// after their rows were reported durable. To pay for the sync once, the batches
// of lanes that wait at the same time go into one transaction.
//
// Where the group has a TTL, rows past it are hidden by the view at once and
// deleted by later writes.
type Sink struct {
	File        string        // required: the database, made if it isn't there
	BusyTimeout time.Duration // how long to wait for another process's lock; default 5s
	GroupRows   int           // how many rows go into one transaction before lanes wait for the next; default 10,000
}

var (
	_ pipeline.Sink    = Sink{}
	_ pipeline.Evolver = &writer{}
)

// Store is feature.Online.
func (Sink) Store() feature.Store { return feature.Online }

// maxColumns is SQLite's own bound of a table, less the columns added here.
const maxColumns = 2000 - 5

// Check accepts all types of columns.
func (s Sink) Check(schema *feature.Schema) error {
	var errs []error
	if s.File == "" {
		errs = append(errs, errors.New("sqlite: no File"))
	}
	if s.BusyTimeout < 0 || s.GroupRows < 0 {
		errs = append(errs, fmt.Errorf("sqlite: BusyTimeout %v or GroupRows %d is negative", s.BusyTimeout, s.GroupRows))
	}
	if n := len(schema.Fields); n > maxColumns {
		errs = append(errs, fmt.Errorf("sqlite: %d columns, a table has at most %d", n, maxColumns))
	}
	if schema.Index(expires) >= 0 {
		errs = append(errs, fmt.Errorf("sqlite: column %q: the name is taken by the table's own column", expires))
	}
	return errors.Join(errs...)
}

// pragmas are those of every connection, the wait for locks before all others.
func (s Sink) pragmas() []string {
	wait := s.BusyTimeout
	if wait == 0 {
		wait = 5 * time.Second
	}
	return []string{
		fmt.Sprintf("busy_timeout(%d)", wait.Milliseconds()),
		"journal_mode(WAL)",
		"synchronous(FULL)",
	}
}

// dsn names the file as a URI.
func (s Sink) dsn(mode string, pragmas []string) string {
	q := url.Values{"mode": {mode}, "_pragma": pragmas}
	return (&url.URL{Scheme: "file", Opaque: url.PathEscape(s.File), RawQuery: q.Encode()}).String()
}

func (s Sink) groupRows() int {
	if s.GroupRows == 0 {
		return 10_000
	}
	return s.GroupRows
}
