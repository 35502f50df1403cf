package sinktest_test

import (
	"context"
	"iter"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/memstore"
	"github.com/tandemdata/tandem/sinks/sinktest"
)

// broken is a good sink with one fault, and the promise that must catch it.
type broken struct {
	*memstore.Sink
	promise string

	schema func(*feature.Schema) *feature.Schema                           // what the table is told
	write  func(w pipeline.Writer, l *feature.Lane, r *feature.Rows) error // in place of Write
	report func([]feature.SpanTally) []feature.SpanTally                   // what is said to be durable
	scan   func(*feature.Schema, feature.Stored) (feature.Stored, bool)    // what a reader sees
	early  bool                                                            // says durable before it is
	keeps  bool                                                            // batches, after Write has returned
	opens  bool                                                            // whatever the table's shape
	grows  bool                                                            // as it is told, it says
	ahead  int64                                                           // of progress
}

// faults are made new for each test: they have state.
func faults(store feature.Store) map[string]*broken {
	count, behind := 0, map[any]any{}
	return map[string]*broken{
		"reports rows before they are there": {promise: "durable_when_it_says_so", early: true, Sink: &memstore.Sink{HoldRows: 1 << 30}},
		"forgets some spans": {promise: "every_span_reported_once_in_order", report: func(s []feature.SpanTally) []feature.SpanTally {
			return s[:len(s)-1]
		}},
		"reports spans twice": {promise: "every_span_reported_once_in_order", report: func(s []feature.SpanTally) []feature.SpanTally {
			return append(slices.Clone(s), s[len(s)-1])
		}},
		"lets the last writer win": {promise: "the_greatest_row_wins_in_any_arrival_order", schema: func(s *feature.Schema) *feature.Schema {
			return rowgen.With(s, func(g *feature.Group) { g.Order = feature.ByLog })
		}},
		"forgets what was deleted": {promise: "ties_are_resolved_by_the_order", write: func(w pipeline.Writer, l *feature.Lane, r *feature.Rows) error {
			for i := range r.Len() {
				if r.Ops[i] == feature.Delete {
					r.Drop(i, feature.Filtered, store)
				}
			}
			return w.Write(context.Background(), l, r)
		}},
		"keeps a batch until a flush": {promise: "lanes_side_by_side", keeps: true},
		"writes dropped rows": {promise: "dropped_rows_are_not_written_but_counted", write: func(w pipeline.Writer, l *feature.Lane, r *feature.Rows) error {
			clear(r.Outcomes[store])
			return w.Write(context.Background(), l, r)
		}},
		"counts too few rows": {promise: "tallies_balance", report: func(s []feature.SpanTally) []feature.SpanTally {
			s[0].Read--
			return s
		}},
		"turns null into zero": {promise: "null_and_extreme_values_round_trip", scan: func(s *feature.Schema, row feature.Stored) (feature.Stored, bool) {
			for i, f := range s.Fields {
				if row.Values[i] == nil && f.Kind == feature.Int64 {
					row.Values[i] = int64(0)
				}
			}
			return row, true
		}},
		"loses the sign of zero": {promise: "null_and_extreme_values_round_trip", scan: func(_ *feature.Schema, row feature.Stored) (feature.Stored, bool) {
			for i, v := range row.Values {
				if v == 0.0 {
					row.Values[i] = 0.0
				}
			}
			return row, true
		}},
		"tears rows now and then": {promise: "nothing_torn", scan: func(s *feature.Schema, row feature.Stored) (feature.Stored, bool) {
			if count++; count%50 == 0 && !row.Version.Delete {
				row.Values[len(row.Values)-1] = nil
			}
			return row, true
		}},
		"takes any shape": {promise: "a_table_of_another_shape_is_refused", opens: true},
		"fills new columns with zeros": {promise: "columns_appear_before_their_first_row", scan: func(s *feature.Schema, row feature.Stored) (feature.Stored, bool) {
			if i := s.Index("opt_int64"); i >= 0 && row.Values[i] == nil {
				row.Values[i] = int64(0)
			}
			return row, true
		}},
		"leaves values of an older row behind": {promise: "no_value_stays_in_a_column_that_a_writer_lacks", scan: func(s *feature.Schema, row feature.Stored) (feature.Stored, bool) {
			if i := s.Index("opt_int64"); i >= 0 && row.Values[i] == nil {
				row.Values[i] = behind[row.Values[0]]
			} else if i >= 0 {
				behind[row.Values[0]] = row.Values[i]
			}
			return row, true
		}},
		"gives a column two types": {promise: "a_column_of_another_type_is_refused", grows: true},
		"takes a column for another one": {promise: "two_writers_give_a_table_columns", scan: func(s *feature.Schema, row feature.Stored) (feature.Stored, bool) {
			if i := s.Index("opt_string"); i >= 0 && s.Index("opt_float64") < i {
				row.Values[i] = nil
			}
			return row, true
		}},
		"marks the other store's rows": {promise: "rows_are_left_alone", write: func(w pipeline.Writer, l *feature.Lane, r *feature.Rows) error {
			err := w.Write(context.Background(), l, r)
			r.Drop(0, feature.Filtered, 1-store)
			return err
		}},
		"has progress ahead of its rows": {promise: "progress_goes_with_rows", ahead: 1},
	}
}

// TestTheSuiteFindsEachFault runs the suite on each broken sink in a process of
// its own, where it must fail.
func TestTheSuiteFindsEachFault(t *testing.T) {
	stores := map[string]feature.Store{"online": feature.Online, "offline": feature.Offline}
	if fault, store, ok := strings.Cut(os.Getenv("TANDEM_FAULT"), "@"); ok {
		sinktest.Run(t, func(testing.TB) sinktest.Target {
			b := faults(stores[store])[fault]
			if b.Sink == nil {
				b.Sink = &memstore.Sink{}
			}
			b.For = stores[store]
			return b
		})
		return
	}
	for name, store := range stores {
		for fault, b := range faults(store) {
			if b.ahead > 0 && store == feature.Online {
				continue // it keeps no progress
			}
			t.Run(name+" "+fault, func(t *testing.T) {
				child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestTheSuiteFindsEachFault$/^"+b.promise+"$")
				child.Env = append(os.Environ(), "TANDEM_FAULT="+fault+"@"+name)
				out, err := child.CombinedOutput()
				want := "--- FAIL: TestTheSuiteFindsEachFault/" + b.promise
				// A batch that is torn while the store reads it may end the process before it is compared.
				torn := b.keeps && strings.Contains(string(out), "panic: ")
				if err == nil || !strings.Contains(string(out), want) && !torn {
					t.Errorf("%s let it pass (%v):\n%s", b.promise, err, out)
				}
			})
		}
	}
}

func (b *broken) Open(ctx context.Context, n *pipeline.SinkNode) (pipeline.Writer, error) {
	m := *n
	if b.schema != nil {
		m.Schema = b.schema(n.Schema)
	}
	m.Durable = func(l *feature.Lane, done []feature.SpanTally) {
		if b.report != nil {
			done = b.report(done)
		}
		if !b.early {
			n.Durable(l, done)
		}
	}
	w, err := b.Sink.Open(ctx, &m)
	if err != nil && b.opens {
		return (&memstore.Sink{Discard: true}).Open(ctx, n)
	}
	if k, ok := w.(pipeline.ProgressStore); ok {
		return &keeper{&writer{Writer: w, broken: b, node: n}, k}, err
	}
	return &writer{Writer: w, broken: b, node: n}, err
}

func (b *broken) Scan(ctx context.Context, s *feature.Schema) iter.Seq2[feature.Stored, error] {
	return func(yield func(feature.Stored, error) bool) {
		for row, err := range b.Sink.Scan(ctx, s) {
			row.Values = slices.Clone(row.Values)
			if ok := true; b.scan != nil {
				if row, ok = b.scan(s, row); !ok {
					continue
				}
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

type writer struct {
	pipeline.Writer
	*broken
	node *pipeline.SinkNode

	mu   sync.Mutex
	kept []func() error
}

func (w *writer) Write(ctx context.Context, l *feature.Lane, r *feature.Rows) error {
	if w.early {
		w.node.Durable(l, r.Tally(w.For))
	}
	if w.keeps {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.kept = append(w.kept, func() error { return w.Writer.Write(ctx, l, r) })
		return nil
	}
	if w.write != nil {
		return w.write(w.Writer, l, r)
	}
	return w.Writer.Write(ctx, l, r)
}

func (w *writer) Evolve(ctx context.Context, s *feature.Schema) error {
	err := w.Writer.(pipeline.Evolver).Evolve(ctx, s)
	if w.grows {
		return nil
	}
	return err
}

func (w *writer) Flush(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, write := range w.kept {
		if err := write(); err != nil {
			return err
		}
	}
	w.kept = nil
	return w.Writer.Flush(ctx)
}

type keeper struct {
	*writer
	has pipeline.ProgressStore
}

func (k *keeper) Progress(ctx context.Context, topic string, partition int32) (feature.Progress, bool, error) {
	p, ok, err := k.has.Progress(ctx, topic, partition)
	for name, s := range p.Sinks {
		s.Next += k.ahead
		p.Counted += k.ahead
		p.Sinks = map[string]feature.SinkProgress{name: s}
	}
	return p, ok, err
}
