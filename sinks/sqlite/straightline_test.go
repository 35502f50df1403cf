package sqlite

import (
	"database/sql"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// BenchmarkStraightLine is what one would write by hand for the rows of
// BenchmarkSink/order=event-time/lanes=1: database/sql, a prepared upsert of 64
// rows, a transaction for each batch of 1,000, the same pragmas, no tombstones
// and no way back for a NaN. Run both with -count and compare rows/s.
func BenchmarkStraightLine(b *testing.B) {
	sink := Sink{File: filepath.Join(b.TempDir(), "features.db")}
	db, err := sql.Open("sqlite", sink.dsn("rwc", sink.pragmas()))
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	s := rowgen.Realistic(feature.ByEventTime)
	if _, err := db.Exec(`CREATE TABLE f (entity_id TEXT PRIMARY KEY, ` + strings.Join(columnNames(s, nil)[1:], ",") + `)`); err != nil {
		b.Fatal(err)
	}
	many, err := db.Prepare(byHand(s, 64))
	if err != nil {
		b.Fatal(err)
	}
	rest, err := db.Prepare(byHand(s, 1000%64))
	if err != nil {
		b.Fatal(err)
	}
	g := rowgen.Gen{Schema: s, Keys: 100_000}
	var batches [][][]any
	for range min(8, b.N+1) {
		batches = append(batches, argsOf(g.Batch(feature.TopicPartition{}, 0, 1000)))
	}
	b.ResetTimer()
	for i := range b.N {
		rows := batches[i%len(batches)]
		tx, err := db.Begin()
		if err != nil {
			b.Fatal(err)
		}
		var args []any
		for k, row := range rows {
			for c, v := range row {
				switch {
				case c == s.Time():
					v = v.(int64) + int64(i/len(batches))*8_000_000
				case c == len(row)-1:
					text, _ := json.Marshal(v)
					v = string(text)
				}
				args = append(args, v)
			}
			if k%64 == 63 || k == len(rows)-1 {
				stmt := many
				if k%64 != 63 {
					stmt = rest
				}
				if _, err := tx.Stmt(stmt).Exec(args...); err != nil {
					b.Fatal(err)
				}
				args = args[:0]
			}
		}
		if err := tx.Commit(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "rows/s")
}

func byHand(s *feature.Schema, rows int) string {
	row := "(?" + strings.Repeat(",?", len(s.Fields)-1) + ")"
	var set []string
	for _, f := range s.Fields[1:] {
		set = append(set, f.Name+"=excluded."+f.Name)
	}
	return "INSERT INTO f VALUES " + row + strings.Repeat(","+row, rows-1) +
		" ON CONFLICT (entity_id) DO UPDATE SET " + strings.Join(set, ",") + " WHERE excluded.event_time > f.event_time"
}

func argsOf(rows *feature.Rows) [][]any {
	out := make([][]any, rows.Len())
	for i := range out {
		for c := range rows.Columns {
			out[i] = append(out[i], rows.Columns[c].Value(i))
		}
	}
	return out
}
