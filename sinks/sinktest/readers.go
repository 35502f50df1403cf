package sinktest

import (
	"fmt"
	"sync"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/pipelinetest/rowmodel"
)

// readers are the ways, beside Scan, in which a store can be read.
type readers struct {
	keys  pipeline.KeyReader
	table pipeline.SnapshotReader
}

func readersOf(target Target) (r readers, any bool) {
	r.keys, _ = target.(pipeline.KeyReader)
	r.table, _ = target.(pipeline.SnapshotReader)
	return r, r.keys != nil || r.table != nil
}

// readersAgree reads a table of every type in all ways that the sink offers.
func readersAgree(f *fixture) {
	readers, _ := readersOf(f.target)
	refuses := limits(f.target).CheckRows
	s := rowgen.EveryType(f.order, func(c feature.Field) bool { return !refuses(c) })
	x := f.open(s)
	g := f.gen(s, f.seed(61), 0)
	g.Extremes, g.Keys, g.Times, g.Deletes = true, 60, 3, 20
	lane := x.lane(at(0))
	for _, rows := range batches(g, 0, 5, 60) {
		x.write(lane, rows)
		x.flush()
	}
	want := map[string]feature.Stored{}
	for id, row := range f.scan(s) {
		want[id] = row
	}
	if readers.table != nil {
		f.snapshotHas(readers.table, s, want)
	}
	if readers.keys != nil {
		f.readerHas(readers.keys, s, want)
	}
	x.close()
}

// collector takes rows from several goroutines.
type collector struct {
	schema *feature.Schema
	store  feature.Store
	mu     sync.Mutex
	rows   map[string]feature.Stored
	again  []string
}

func (c *collector) take(row feature.Stored) {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := rowmodel.Identity(c.schema, c.store, row)
	if _, twice := c.rows[id]; twice {
		c.again = append(c.again, fmt.Sprintf("twice: %s", rowmodel.Describe(c.schema, row)))
	}
	c.rows[id] = row
}

func (c *collector) takeAll(rows *feature.Scanned) error {
	for i := range rows.Len() {
		c.take(rows.Row(i))
	}
	return nil
}

func (f *fixture) snapshotHas(r pipeline.SnapshotReader, s *feature.Schema, want map[string]feature.Stored) {
	f.Helper()
	snap, err := r.Snapshot(f.Context(), s)
	if err != nil {
		f.Fatal(err)
	}
	defer snap.Close()
	got := &collector{schema: s, store: f.target.Store(), rows: map[string]feature.Stored{}}
	if err := snap.Scan(f.Context(), nil, got.takeAll); err != nil {
		f.Fatal(err)
	}
	report(f, "a snapshot", append(got.again, differences(s, want, got.rows)...))
	if err := snap.Scan(f.Context(), snap, func(*feature.Scanned) error { return fmt.Errorf("there are rows") }); err != nil {
		f.Errorf("since itself: %v", err)
	}
	if p := snap.Progress()[at(0)]; len(p.Sinks) == 0 || snap.Rows() < int64(len(want)) || snap.Name() == "" || snap.At().IsZero() {
		f.Errorf("a snapshot says %+v, %d rows, %q, %v", p, snap.Rows(), snap.Name(), snap.At())
	}
}

func (f *fixture) readerHas(r pipeline.KeyReader, s *feature.Schema, want map[string]feature.Stored) {
	f.Helper()
	all := &collector{schema: s, store: f.target.Store(), rows: map[string]feature.Stored{}}
	live := &collector{schema: s, store: f.target.Store(), rows: map[string]feature.Stored{}}
	deletes := 0
	keep := func(row feature.Stored) error {
		if row.Version.Delete {
			deletes++
			return nil
		}
		live.take(row)
		return nil
	}
	if err := r.ScanKeys(f.Context(), s, all.takeAll); err != nil {
		f.Fatal(err)
	}
	var keys [][]any
	for _, row := range all.rows {
		if err := keep(row); err != nil {
			f.Fatal(err)
		}
		keys = append(keys, keyOf(s, row))
	}
	report(f, "a scan of the keys", append(all.again, differences(s, want, live.rows)...))
	if r.ShowsDeletes() != (deletes > 0) {
		f.Errorf("ShowsDeletes is %v, and %d were shown", r.ShowsDeletes(), deletes)
	}
	live.rows = map[string]feature.Stored{}
	if err := r.LookUp(f.Context(), s, keys, keep); err != nil {
		f.Fatal(err)
	}
	report(f, "looking up the keys", differences(s, want, live.rows))
}

func keyOf(s *feature.Schema, row feature.Stored) []any {
	var key []any
	for _, k := range s.Keys() {
		key = append(key, row.Values[k])
	}
	return key
}
