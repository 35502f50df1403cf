// Package memstore is a sink kept in memory, of either store, for tests and
// examples.
package memstore

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// Sink owns the rows of its tables: a graph that is given it again finds them.
// An online Sink keeps the newest row of each key, an offline one every row
// and, with them, the graph's progress. Rows don't expire.
type Sink struct {
	For feature.Store // default feature.Online

	// HoldRows is how many rows are held before they are durable all at once.
	// Default 0: each Write is durable by itself.
	HoldRows int

	// Discard has rows counted and forgotten: what is left is the cost of the graph.
	Discard bool

	mu     sync.Mutex // also guards what is in the tables
	tables map[string]*table
}

var (
	_ pipeline.Sink    = &Sink{}
	_ pipeline.Evolver = &writer{}
	_ pipeline.Evolver = &discarder{}
)

// Store is For.
func (s *Sink) Store() feature.Store { return s.For }

// Check accepts all rows.
func (s *Sink) Check(*feature.Schema) error {
	if s.For != feature.Online && s.For != feature.Offline {
		return fmt.Errorf("memstore: For is store %d, want feature.Online or feature.Offline", s.For)
	}
	if s.HoldRows < 0 {
		return fmt.Errorf("memstore: negative HoldRows: %d", s.HoldRows)
	}
	return nil
}

// Open makes the group's table, or takes up the one that is there.
func (s *Sink) Open(_ context.Context, n *pipeline.SinkNode) (pipeline.Writer, error) {
	if s.Discard {
		return &discarder{node: n, store: s.For}, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.table(n.Schema)
	if err := fit(t.schema, n.Schema); err != nil {
		return nil, err
	}
	w := &writer{sink: s, node: n, table: t, columns: t.columns(n.Schema), lanes: map[*feature.Lane]*lane{}}
	if s.For == feature.Offline {
		return &keeper{w}, nil
	}
	return w, nil
}

// Scan gives the rows there are at its start, always in the same order.
func (s *Sink) Scan(_ context.Context, schema *feature.Schema) iter.Seq2[feature.Stored, error] {
	return func(yield func(feature.Stored, error) bool) {
		for _, row := range s.snapshot(schema) {
			if row.Version.Delete && s.For == feature.Online {
				continue
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

func (s *Sink) snapshot(schema *feature.Schema) []feature.Stored {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.tables[schema.Group.Table()]
	if !ok {
		return nil
	}
	var rows []feature.Stored
	columns := t.columns(schema)
	for _, id := range slices.Sorted(maps.Keys(t.rows)) {
		row := t.rows[id]
		row.Values = pick(row.Values, columns)
		rows = append(rows, row)
	}
	return rows
}

func (s *Sink) table(schema *feature.Schema) *table {
	name := schema.Group.Table()
	t, ok := s.tables[name]
	if !ok {
		if s.tables == nil {
			s.tables = map[string]*table{}
		}
		t = &table{
			schema: schema, store: s.For,
			rows: map[string]feature.Stored{}, progress: map[log]feature.Progress{},
		}
		s.tables[name] = t
	}
	return t
}
