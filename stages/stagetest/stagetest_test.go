package stagetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// recorder is a test that may fail.
type recorder struct {
	testing.TB
	failed string
}

func (r *recorder) Helper()             {}
func (r *recorder) Log(...any)          {}
func (r *recorder) Logf(string, ...any) {}
func (r *recorder) Errorf(format string, args ...any) {
	r.failed += fmt.Sprintf(format, args...) + "\n"
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

func (r *recorder) Fatal(args ...any) {
	r.Errorf("%s", fmt.Sprint(args...))
	runtime.Goexit()
}

// stage is made of functions: of one that makes the state of a lane, and of one
// that is called for each batch.
type stage struct {
	back    int
	process func(n *pipeline.Node, calls *int, rows *feature.Rows, emit func(*feature.Rows)) error
}

func (s stage) Replay() int { return s.back }

func (s stage) Open(_ context.Context, n *pipeline.Node) (pipeline.Stage[*feature.Rows, *feature.Rows], error) {
	return &lane{s, n, 0}, nil
}

type lane struct {
	stage
	n     *pipeline.Node
	calls int
}

func (l *lane) Process(_ context.Context, rows *feature.Rows, emit func(*feature.Rows)) error {
	l.calls++
	return l.process(l.n, &l.calls, rows, emit)
}

// keeper keeps all rows, and lets go of all but the last batch.
type keeper struct{ kept []*feature.Rows }

func (k *keeper) Open(context.Context, *pipeline.Node) (pipeline.Stage[*feature.Rows, *feature.Rows], error) {
	return &keeper{}, nil
}

func (k *keeper) Process(_ context.Context, rows *feature.Rows, _ func(*feature.Rows)) error {
	k.kept = append(k.kept, rows)
	return nil
}

func (k *keeper) Flush(_ context.Context, _ pipeline.FlushReason, emit func(*feature.Rows)) error {
	for _, rows := range k.kept[:len(k.kept)-1] {
		emit(rows)
	}
	return nil
}

func batches(rng *rand.Rand, partition int32) (list []*feature.Rows) {
	g := rowgen.Gen{Schema: rowgen.Timed(feature.ByLog), Seed: rng.Uint64(), Keys: 5, FirstKey: 100 * int(partition), Spans: 2}
	from := int64(0)
	for range 12 {
		rows := g.Batch(feature.TopicPartition{Topic: "t", Partition: partition}, from, 2+rng.IntN(5))
		from = rows.Span().To
		list = append(list, rows)
	}
	return list
}

// broken lists the promises that a stage is found to break.
func broken(t *testing.T, s pipeline.Spec[*feature.Rows, *feature.Rows]) (names []string) {
	t.Helper()
	for _, p := range promises[*feature.Rows, *feature.Rows]() {
		r := &recorder{TB: t}
		done := make(chan struct{})
		go func() {
			defer close(done)
			p.test(scene[*feature.Rows, *feature.Rows]{TB: r, seed: rand.Uint64(), Harness: Harness[*feature.Rows, *feature.Rows]{
				Spec: s, Schema: rowgen.Timed(feature.ByLog), Batches: batches,
			}})
		}()
		<-done
		if r.failed != "" {
			names = append(names, p.name)
		}
	}
	return names
}

func TestAStageThatKeepsItsPromisesPasses(t *testing.T) {
	first := stage{process: func(_ *pipeline.Node, _ *int, rows *feature.Rows, emit func(*feature.Rows)) error {
		for i := range rows.Len() {
			if rows.Records[i].Offset%3 == 0 {
				rows.Drop(i, feature.Unwanted)
			}
		}
		emit(rows)
		return nil
	}}
	if names := broken(t, first); names != nil {
		t.Errorf("%q", names)
	}
}

func TestEachPromiseFindsWhoBreaksIt(t *testing.T) {
	shared := 0
	for name, c := range map[string]struct {
		promise string
		spec    pipeline.Spec[*feature.Rows, *feature.Rows]
	}{
		"leaves rows out": {"every_record_comes_out_once_in_its_span", stage{process: func(_ *pipeline.Node, _ *int, rows *feature.Rows, emit func(*feature.Rows)) error {
			out := *rows
			out.Records = rows.Records[1:]
			emit(&out)
			return nil
		}}},
		"keeps the last batch": {"every_record_comes_out_once_in_its_span", &keeper{}},
		"changes a column": {"columns_and_records_are_left_alone", stage{process: func(_ *pipeline.Node, _ *int, rows *feature.Rows, emit func(*feature.Rows)) error {
			rows.Column("amount").Int64s[0]++
			emit(rows)
			return nil
		}}},
		"gives a dropped row another outcome": {"an_outcome_stays", stage{process: func(_ *pipeline.Node, _ *int, rows *feature.Rows, emit func(*feature.Rows)) error {
			for i := range rows.Len() {
				rows.Outcomes[feature.Online][i] = feature.Filtered
			}
			emit(rows)
			return nil
		}}},
		"counts calls": {"a_batch_that_comes_again_gives_the_same_answer", stage{process: func(_ *pipeline.Node, calls *int, rows *feature.Rows, emit func(*feature.Rows)) error {
			if *calls%2 == 0 {
				rows.Drop(0, feature.Unwanted)
			}
			emit(rows)
			return nil
		}}},
		"forgets a dead letter that failed": {"a_failed_dead_letter_changes_nothing", stage{process: func(n *pipeline.Node, _ *int, rows *feature.Rows, emit func(*feature.Rows)) error {
			if err := n.Reject(context.Background(), rows.Records[0], "odd", errAway); err == nil {
				rows.Drop(0, feature.Dead)
			}
			emit(rows)
			return nil
		}}},
		"rejects what is replayed": {"replayed_rows_stay_replayed_and_are_not_rejected", stage{process: func(n *pipeline.Node, _ *int, rows *feature.Rows, emit func(*feature.Rows)) error {
			if err := n.Reject(context.Background(), rows.Records[0], "odd", errAway); err != nil {
				return err
			}
			rows.Drop(0, feature.Dead)
			emit(rows)
			return nil
		}}},
		"has state, and asks for no replay": {"state_comes_back_by_replay", stage{process: func(_ *pipeline.Node, calls *int, rows *feature.Rows, emit func(*feature.Rows)) error {
			if *calls < 9 {
				rows.Drop(0, feature.Unwanted)
			}
			emit(rows)
			return nil
		}}},
		"has state that lanes share": {"lanes_know_nothing_of_each_other", stage{process: func(n *pipeline.Node, _ *int, rows *feature.Rows, emit func(*feature.Rows)) error {
			seen := pipeline.Shared(n, func() *int { return new(int) })
			if *seen++; *seen%3 == 0 {
				rows.Drop(0, feature.Unwanted)
			}
			emit(rows)
			return nil
		}}},
		"looks at whole batches": {"how_the_log_is_cut_does_not_matter", stage{process: func(_ *pipeline.Node, _ *int, rows *feature.Rows, emit func(*feature.Rows)) error {
			rows.Drop(rows.Len()-1, feature.Unwanted)
			emit(rows)
			return nil
		}}},
		"has state that all share": {"branches_know_nothing_of_each_other", stage{process: func(_ *pipeline.Node, _ *int, rows *feature.Rows, emit func(*feature.Rows)) error {
			if shared++; shared%3 == 0 {
				rows.Drop(0, feature.Unwanted)
			}
			emit(rows)
			return nil
		}}},
	} {
		if raceDetector && (name == "has state that all share" || name == "changes a column") {
			continue // the race detector finds these by itself, where two branches are at work
		}
		if names := broken(t, c.spec); !slices.Contains(names, c.promise) {
			t.Errorf("%s: %s found nothing; %q did", name, c.promise, names)
		}
	}
}
