package benchmarks

import (
	"testing"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/memory"
	"github.com/tandemdata/tandem/stages"
)

// BenchmarkDecode and those below it measure one stage on one goroutine. b.N
// counts batches of 1,024 rows.
func BenchmarkDecode(b *testing.B) {
	stage := opened(b, work())
	b.ReportAllocs()
	b.ResetTimer()
	for n := range b.N {
		b.StopTimer()
		in := batch(0, n)
		b.StartTimer()
		process(b, stage, in, nil)
	}
	perRow(b, b.N*batchRows)
}

func BenchmarkDedup(b *testing.B)      { benchRows(b, stages.Dedup{}) }
func BenchmarkOrderGuard(b *testing.B) { benchRows(b, stages.OrderGuard{}) }
func BenchmarkBatch(b *testing.B)      { benchRows(b, stages.Batch{}) }

func BenchmarkFilter(b *testing.B) {
	benchRows(b, pipeline.Filter(func(r feature.Row) bool { return r.Float64("score") >= 0.1 }))
}

func BenchmarkCommit(b *testing.B) {
	lane := pipeline.NewLane(pipeline.LaneConfig{Commit: func(int64) {}}, []string{"sink"}, nil, nil)
	stage, err := stages.Commit{}.Open(b.Context(), pipeline.NewNode("commit", lane, schema(b), quiet, nil))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for n := range b.N {
		done := feature.SpanTally{Span: feature.Span{From: int64(n) * batchRows, To: int64(n+1) * batchRows}}
		process(b, stage, pipeline.Receipt{Sink: "sink", Spans: []feature.SpanTally{done}}, nil)
	}
	perRow(b, b.N*batchRows)
}

// BenchmarkMemorySink is what a sink's hand-over costs when it keeps rows.
func BenchmarkMemorySink(b *testing.B) {
	lane := pipeline.NewLane(pipeline.LaneConfig{}, []string{"sink"}, nil, nil)
	w := open(b, &memory.Sink{}, schema(b), func(*pipeline.Lane, []feature.SpanTally) {})
	decode := opened(b, work())
	b.ReportAllocs()
	b.ResetTimer()
	for n := range b.N {
		b.StopTimer()
		rows := decoded(b, decode, n)
		b.StartTimer()
		if err := w.Write(b.Context(), lane, rows); err != nil {
			b.Fatal(err)
		}
	}
	perRow(b, b.N*batchRows)
}

func benchRows(b *testing.B, spec pipeline.Spec[*feature.Rows, *feature.Rows]) {
	decode, stage := opened(b, work()), opened(b, spec)
	b.ReportAllocs()
	b.ResetTimer()
	for n := range b.N {
		b.StopTimer()
		rows := decoded(b, decode, n)
		b.StartTimer()
		process(b, stage, rows, nil)
	}
	perRow(b, b.N*batchRows)
}

func opened[In, Out any](b *testing.B, spec pipeline.Spec[In, Out]) pipeline.Stage[In, Out] {
	lane := pipeline.NewLane(pipeline.LaneConfig{Place: feature.Place{Topic: "rows"}}, []string{"sink"}, nil, nil)
	stage, err := spec.Open(b.Context(), pipeline.NewNode("stage", lane, schema(b), quiet, nil))
	if err != nil {
		b.Fatal(err)
	}
	return stage
}

func decoded(b *testing.B, decode pipeline.Stage[pipeline.Records, *feature.Rows], n int) (rows *feature.Rows) {
	process(b, decode, batch(0, n), func(r *feature.Rows) { rows = r })
	return rows
}

func process[In, Out any](b *testing.B, stage pipeline.Stage[In, Out], in In, emit func(Out)) {
	if emit == nil {
		emit = func(Out) {}
	}
	if err := stage.Process(b.Context(), in, emit); err != nil {
		b.Fatal(err)
	}
}
