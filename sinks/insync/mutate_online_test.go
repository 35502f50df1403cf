package insync_test

import (
	"database/sql"
	"fmt"
	"os"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/insync"
	"github.com/tandemdata/tandem/sinks/sqlite"
)

// history is what both stores have before anything is done to them: of each key
// the offline rows, the newest last.
type history map[string][]feature.Stored

func (w *world) history() history {
	s := history{}
	for row, err := range w.offline.Scan(w.Context(), w.schema) {
		if err != nil {
			w.Fatal(err)
		}
		id := row.Values[0].(string)
		rows := append(s[id], row)
		for i := len(rows) - 1; i > 0 && w.group.Order.Compare(rows[i-1].Version, rows[i].Version) > 0; i-- {
			rows[i-1], rows[i] = rows[i], rows[i-1]
		}
		s[id] = rows
	}
	return s
}

func (s history) newest(id string) feature.Stored { return s[id][len(s[id])-1] }

// older is a live row of a key that isn't its newest.
func (s history) older(id string) (feature.Stored, bool) {
	for _, row := range s[id][:len(s[id])-1] {
		if !row.Version.Delete {
			return row, true
		}
	}
	return feature.Stored{}, false
}

// byHand is what a person does to the online store: false where the key isn't one for it.
type byHand struct {
	name string
	kind insync.Kind
	do   func(w *world, s history, id string) bool
}

var onlineByHand = []byHand{
	{"a row is deleted", insync.MissingOnline, live(func(w *world, _ history, id string) {
		w.exec("DELETE FROM rows_1_rows WHERE id = ?", id)
	})},
	{"a delete is applied online alone", insync.MissingOnline, live(func(w *world, _ history, id string) {
		w.exec("UPDATE rows_1_rows SET tandem_deleted = 1 WHERE id = ?", id)
	})},
	{"a column is changed", insync.Differs, live(func(w *world, _ history, id string) {
		w.exec("UPDATE rows_1_rows SET amount = coalesce(amount, 0) + 1 WHERE id = ?", id)
	})},
	{"a column becomes null", insync.Differs, func(w *world, s history, id string) bool {
		row := s.newest(id)
		if row.Version.Delete || row.Values[2] == nil {
			return false
		}
		w.exec("UPDATE rows_1_rows SET amount = NULL WHERE id = ?", id)
		return true
	}},
	{"a clock was wrong", insync.Differs, live(func(w *world, _ history, id string) {
		w.exec("UPDATE rows_1_rows SET tandem_time = tandem_time + 3600000 WHERE id = ?", id)
	})},
	{"a row is aged", insync.StaleOnline, func(w *world, s history, id string) bool {
		row, ok := s.older(id)
		if !ok || s.newest(id).Version.Delete {
			return false
		}
		w.put(row)
		return true
	}},
	{"a row is resurrected", insync.Undead, func(w *world, s history, id string) bool {
		row, ok := s.older(id)
		if !ok || !s.newest(id).Version.Delete {
			return false
		}
		w.put(row)
		return true
	}},
	{"a delete is undone", insync.Undead, func(w *world, s history, id string) bool {
		if !s.newest(id).Version.Delete {
			return false
		}
		w.exec("UPDATE rows_1_rows SET tandem_deleted = 0, amount = 5 WHERE id = ?", id)
		return true
	}},
}

func live(do func(*world, history, string)) func(*world, history, string) bool {
	return func(w *world, s history, id string) bool {
		if s.newest(id).Version.Delete {
			return false
		}
		do(w, s, id)
		return true
	}
}

// put has a row online, whatever is there.
func (w *world) put(row feature.Stored) {
	v := row.Version
	w.exec("DELETE FROM rows_1_rows WHERE id = ?", row.Values[0])
	w.exec("INSERT INTO rows_1_rows (id, at, amount, tandem_epoch, tandem_partition, tandem_offset, tandem_time, tandem_deleted) VALUES (?, ?, ?, ?, ?, ?, ?, 0)",
		row.Values[0], row.Values[1], row.Values[2], v.Epoch, v.Partition, v.Offset, row.RecordTime)
}

func (w *world) file() string { return w.online.(*sqlite.Sink).File }

func (w *world) exec(query string, args ...any) {
	w.Helper()
	db, err := sql.Open("sqlite", "file:"+w.file()+"?_pragma=busy_timeout(10000)")
	if err != nil {
		w.Fatal(err)
	}
	defer db.Close()
	r, err := db.ExecContext(w.Context(), query, args...)
	if err != nil {
		w.Fatal(fmt.Errorf("%s: %w", query, err))
	}
	if n, _ := r.RowsAffected(); n == 0 && query[0] == 'U' {
		w.Fatalf("%s: no row", query)
	}
}

// backup is the online store's file as it is now.
func (w *world) backup() []byte {
	w.exec("PRAGMA wal_checkpoint(TRUNCATE)")
	b, err := os.ReadFile(w.file())
	if err != nil {
		w.Fatal(err)
	}
	return b
}

func (w *world) restore(b []byte) {
	for _, suffix := range []string{"-wal", "-shm"} {
		_ = os.Remove(w.file() + suffix)
	}
	if err := os.WriteFile(w.file(), b, 0o644); err != nil {
		w.Fatal(err)
	}
}
