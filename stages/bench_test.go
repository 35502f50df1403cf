package stages

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tandemdata/tandem/internal/avrorow"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/stages/wire"
)

// Each benchmark runs over batches of this many rows of twenty fields.
const perBatch = 1024

// perRow reports the cost of one row.
func perRow(b *testing.B, rows int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rows), "ns/row")
	b.ReportMetric(float64(b.N*rows)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkDecode(b *testing.B) {
	in := records(0, avrorow.Log{Seed: 1, Keys: 1 << 20}.Open().Records(perBatch)...)
	b.Run("stage", func(b *testing.B) {
		d, _ := opened(b, Decode{Group: avrorow.Group(), Schema: avrorow.Schema})
		b.ReportAllocs()
		for b.Loop() {
			if err := d.Process(b.Context(), in, func(*feature.Rows) {}); err != nil {
				b.Fatal(err)
			}
		}
		perRow(b, perBatch)
	})
	for name, reader := range map[string]string{
		"confluent": avrorow.Schema,
		"resolved":  strings.NewReplacer(`"age","type":"int"`, `"age","type":"double"`, `"f1","type":"double"`, `"f9","type":"double","default":0.5`).Replace(avrorow.Schema),
	} {
		b.Run(name, func(b *testing.B) { // the stage, of framed values; resolved: with a promotion, a skip and a default
			registry := &byID{schemas: map[int]string{1: avrorow.Schema}}
			d, _ := opened(b, Decode{Group: avrorow.Group(), Schema: reader, Format: wire.Confluent{Registry: registry}})
			framed := records(0, slices.Clone(in.List)...)
			for i := range framed.List {
				framed.List[i].Value = confluent(1, framed.List[i].Value...)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := d.Process(b.Context(), framed, func(*feature.Rows) {}); err != nil {
					b.Fatal(err)
				}
			}
			perRow(b, perBatch)
		})
	}
}

// decoded is a log of so many batches, as decode hands them on.
func decoded(b *testing.B, g feature.Group, log avrorow.Log, batches int) []*feature.Rows {
	b.Helper()
	d, _ := opened(b, Decode{Group: g, Schema: avrorow.Schema})
	gen, list := log.Open(), make([]*feature.Rows, batches)
	for i := range list {
		list[i] = through(b, d, records(0, gen.Records(perBatch)...))
	}
	return list
}

func benchmarkOver(b *testing.B, list []*feature.Rows, open func() []pipeline.Stage[*feature.Rows, *feature.Rows]) {
	rows := 0
	for _, r := range list {
		rows += r.Len()
	}
	b.ReportAllocs()
	for b.Loop() {
		stages := open()
		for _, r := range list {
			r = r.Fork()
			for _, s := range stages {
				if err := s.Process(context.Background(), r, func(out *feature.Rows) { r = out }); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	perRow(b, rows)
}

func BenchmarkDedupAndGuard(b *testing.B) {
	for _, order := range []feature.Order{feature.ByLog, feature.ByEventTime} {
		g := avrorow.Group()
		g.Order, g.Keys = order, feature.KeysStay
		list := decoded(b, g, avrorow.Log{Seed: 2, Keys: 50_000, Late: 0.02, Duplicate: 0.05, Delete: 0.01}, 200)
		s := list[0].Schema
		dedup := func() pipeline.Stage[*feature.Rows, *feature.Rows] { return newDedup(Dedup{}, s) }
		guard := func() pipeline.Stage[*feature.Rows, *feature.Rows] {
			return newGuard(OrderGuard{}, s, (&letters{}).node())
		}
		for name, open := range map[string]func() []pipeline.Stage[*feature.Rows, *feature.Rows]{
			"dedup": func() []pipeline.Stage[*feature.Rows, *feature.Rows] {
				return []pipeline.Stage[*feature.Rows, *feature.Rows]{dedup()}
			},
			"guard": func() []pipeline.Stage[*feature.Rows, *feature.Rows] {
				return []pipeline.Stage[*feature.Rows, *feature.Rows]{guard()}
			},
			"both": func() []pipeline.Stage[*feature.Rows, *feature.Rows] {
				return []pipeline.Stage[*feature.Rows, *feature.Rows]{dedup(), guard()}
			},
		} {
			b.Run(order.String()+"/"+name, func(b *testing.B) { benchmarkOver(b, list, open) })
		}
	}
}

// BenchmarkDedup is the stage with all that belongs to it: its window is full of
// the default number of identities, and about 2 of 100 rows are duplicates.
func BenchmarkDedup(b *testing.B) {
	g := avrorow.Group()
	g.Order, g.Keys = feature.ByEventTime, feature.KeysStay
	pool := decoded(b, g, avrorow.Log{Seed: 4, Keys: 50_000, Duplicate: 0.02}, 200)
	n := (&letters{}).node()
	n.Schema, n.Slot = pool[0].Schema, slots()
	d, err := Dedup{}.Open(b.Context(), n)
	if err != nil {
		b.Fatal(err)
	}
	rows, dropped, pass, inside := 0, 0, int64(0), time.Duration(0)
	run := func() {
		list := later(pool, pass)
		began := time.Now()
		for _, r := range list {
			if err := d.Process(b.Context(), r, func(r *feature.Rows) { dropped += dropsOf(r); rows += r.Len() }); err != nil {
				b.Fatal(err)
			}
		}
		inside += time.Since(began)
		pass++
	}
	for rows < 3*defaultKeys/2 {
		run()
	}
	rows, dropped, inside = 0, 0, 0
	b.ReportAllocs()
	for b.Loop() {
		run()
	}
	b.ReportMetric(float64(inside.Nanoseconds())/float64(rows), "ns/row")
	if share := float64(dropped) / float64(rows); share < 0.01 || share > 0.03 {
		b.Fatalf("%.1f of 100 rows were dropped, want about 2", 100*share)
	}
}

// later are batches that follow those of the passes before: no row is like one of theirs.
func later(pool []*feature.Rows, pass int64) []*feature.Rows {
	list := make([]*feature.Rows, len(pool))
	for i, r := range pool {
		r = r.Edit("event_time")
		for k := range r.Column("event_time").Int64s {
			r.Column("event_time").Int64s[k] += pass << 32
		}
		r.Seal()
		r.Records = slices.Clone(r.Records)
		at := (pass*int64(len(pool)) + int64(i)) * perBatch
		for k := range r.Records {
			r.Records[k].Offset = at + int64(k)
		}
		r.Spans = []feature.Span{{From: at, To: at + perBatch}}
		list[i] = r
	}
	return list
}

func dropsOf(r *feature.Rows) (n int) {
	for _, o := range r.Outcomes[feature.Offline] {
		if o == feature.Duplicate {
			n++
		}
	}
	return n
}

func BenchmarkBatch(b *testing.B) {
	list := decoded(b, avrorow.Group(), avrorow.Log{Seed: 3}, 100)
	for name, idle := range map[string]bool{"idle": true, "busy": false} {
		b.Run(name, func(b *testing.B) {
			benchmarkOver(b, list, func() []pipeline.Stage[*feature.Rows, *feature.Rows] {
				return []pipeline.Stage[*feature.Rows, *feature.Rows]{newBatch(Batch{}, (&pace{idle: idle}).node())}
			})
		})
	}
}
