package main

import (
	"fmt"
	"slices"
	"testing"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/pipelinetest"
	"github.com/tandemdata/tandem/stages"
)

func Example() {
	main()
	// Output:
	// Three clicks, a restart, and one more. The offline store has each with its user's amount before it:
	// user, at, amount, previous
	// ada 1 2.5 <nil>
	// ada 2 7 2.5
	// ada 3 1 7
	// bob 1 10 <nil>
}

func TestWithoutReadBackAStartKnowsNothing(t *testing.T) {
	got := previousOf(t, open(t), batch(t, 0, 1.0, 2.0))
	if want := "[<nil> 1]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func TestABatchThatComesAgainGetsTheSameAnswer(t *testing.T) {
	st := open(t)
	previousOf(t, st, batch(t, 0, 1.0, 2.0))
	second := batch(t, 2, 3.0, 4.0)
	first, again := previousOf(t, st, second), previousOf(t, st, second)
	if !slices.Equal(first, again) || fmt.Sprint(first) != "[2 3]" {
		t.Errorf("got %v, then %v, want [2 3] twice", first, again)
	}
}

func TestADroppedRowIsNobodysPrevious(t *testing.T) {
	rows := batch(t, 0, 1.0, 2.0, 3.0)
	rows.Drop(1, feature.Duplicate)
	if got := previousOf(t, open(t), rows); fmt.Sprint(got) != "[<nil> <nil> 1]" {
		t.Errorf("got %v", got)
	}
}

func TestRowsWithoutAnAmountAreRefusedBeforeTheStart(t *testing.T) {
	s, err := feature.NewSchema(feature.Group{Name: "g", PrimaryKey: []string{"id"}}, []feature.Field{{Name: "id", Kind: feature.String}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (Previous{}).Describe(s); err == nil {
		t.Error("Describe accepts rows without the column")
	}
}

type stage = pipeline.Stage[*feature.Rows, *feature.Rows]

// open makes the stage of one lane without a graph.
func open(t *testing.T) stage {
	t.Helper()
	s, err := columns()
	if err != nil {
		t.Fatal(err)
	}
	st, err := Previous{}.Open(t.Context(), pipelinetest.NewNode("previous", &feature.Lane{}, s, nil))
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// batch is rows of one user with these amounts, from an offset on.
func batch(t *testing.T, from int64, amounts ...float64) *feature.Rows {
	t.Helper()
	s, err := stages.Decode{Group: clicks, Schema: schema}.Describe(nil)
	if err != nil {
		t.Fatal(err)
	}
	rows := feature.NewRows(s, feature.TopicPartition{Topic: "clicks"})
	for i, amount := range amounts {
		offset := from + int64(i)
		for c, v := range []any{"ada", offset, amount} {
			if err := rows.Columns[c].Append(v); err != nil {
				t.Fatal(err)
			}
		}
		rows.Add(feature.Record{Offset: offset}, feature.Upsert)
	}
	rows.Spans = []feature.Span{{From: from, To: from + int64(len(amounts))}}
	rows.Seal()
	return rows
}

// previousOf runs a batch through the stage, and gives the new column.
func previousOf(t *testing.T, st stage, rows *feature.Rows) (out []any) {
	t.Helper()
	err := st.Process(t.Context(), rows.Fork(), func(got *feature.Rows) {
		for i := range got.Len() {
			out = append(out, got.Column("previous").Value(i))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
