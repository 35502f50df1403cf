package stages

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/hamba/avro/v2"

	"github.com/tandemdata/tandem/internal/avrorow"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
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
	b.Run("values", func(b *testing.B) { // without records, keys and a fresh batch
		d, _ := opened(b, Decode{Group: avrorow.Group(), Schema: avrorow.Schema})
		rows := feature.NewRows(d.schema, place)
		b.ReportAllocs()
		for b.Loop() {
			for i := range rows.Columns {
				rows.Columns[i].Truncate(0)
			}
			for i := range in.List {
				if err := d.value.run(&d.cursor, in.List[i].Value, rows.Columns); err != nil {
					b.Fatal(err)
				}
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
			d, _ := opened(b, Decode{Group: avrorow.Group(), Schema: reader, Format: Confluent{Registry: registry}})
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
	b.Run("by-hand", func(b *testing.B) {
		r, h := avro.NewReader(nil, 0), newByHand()
		b.ReportAllocs()
		for b.Loop() {
			h.clear()
			for i := range in.List {
				r.Reset(in.List[i].Value)
				h.read(r)
				if r.Error != nil {
					b.Fatal(r.Error)
				}
			}
		}
		perRow(b, perBatch)
	})
	b.Run("hamba-map", func(b *testing.B) {
		s := avro.MustParse(avrorow.Schema)
		b.ReportAllocs()
		for b.Loop() {
			for i := range in.List {
				m := map[string]any{}
				if err := avro.Unmarshal(s, in.List[i].Value, &m); err != nil {
					b.Fatal(err)
				}
			}
		}
		perRow(b, perBatch)
	})
}

// byHand is what one would write for this one schema, without any check.
type byHand struct {
	strings            [6][]byte
	ends               [6][]uint32
	longs              [6][]int64
	doubles            [5][]float64
	country, f2, cnt30 []bool
	active             []bool
	age                []int32
	embedding          []float32
	embeddingEnds      []uint32
}

func newByHand() *byHand { return &byHand{} }

func (h *byHand) clear() {
	for i := range h.strings {
		h.strings[i], h.ends[i], h.longs[i] = h.strings[i][:0], h.ends[i][:0], h.longs[i][:0]
	}
	for i := range h.doubles {
		h.doubles[i] = h.doubles[i][:0]
	}
	h.country, h.f2, h.cnt30, h.active = h.country[:0], h.f2[:0], h.cnt30[:0], h.active[:0]
	h.age, h.embedding, h.embeddingEnds = h.age[:0], h.embedding[:0], h.embeddingEnds[:0]
}

func (h *byHand) text(r *avro.Reader, i int) {
	n, from := int(r.ReadLong()), len(h.strings[i])
	for cap(h.strings[i]) < from+n {
		h.strings[i] = append(h.strings[i][:cap(h.strings[i])], 0)
	}
	h.strings[i] = h.strings[i][:from+n]
	r.Read(h.strings[i][from:])
	h.ends[i] = append(h.ends[i], uint32(from+n))
}

func (h *byHand) long(r *avro.Reader, i int)   { h.longs[i] = append(h.longs[i], r.ReadLong()) }
func (h *byHand) double(r *avro.Reader, i int) { h.doubles[i] = append(h.doubles[i], r.ReadDouble()) }

func present(r *avro.Reader, to *[]bool) bool {
	p := r.ReadLong() == 1
	*to = append(*to, p)
	return p
}

func (h *byHand) read(r *avro.Reader) {
	h.text(r, 0)
	h.long(r, 0)
	h.text(r, 1)
	h.long(r, 1)
	h.long(r, 2)
	h.text(r, 2)
	h.text(r, 3)
	if present(r, &h.country) {
		h.text(r, 4)
	}
	h.double(r, 0)
	h.double(r, 1)
	h.double(r, 2)
	h.double(r, 3)
	if present(r, &h.f2) {
		h.double(r, 4)
	}
	h.long(r, 3)
	h.long(r, 4)
	if present(r, &h.cnt30) {
		h.long(r, 5)
	}
	h.active = append(h.active, r.ReadBool())
	h.age = append(h.age, r.ReadInt())
	h.text(r, 5)
	for n := r.ReadLong(); n > 0; n = r.ReadLong() {
		for range n {
			h.embedding = append(h.embedding, r.ReadFloat())
		}
	}
	h.embeddingEnds = append(h.embeddingEnds, uint32(len(h.embedding)))
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
		g.Order = order
		list := decoded(b, g, avrorow.Log{Seed: 2, Keys: 50_000, Late: 0.02, Duplicate: 0.05, Delete: 0.01}, 200)
		s := list[0].Schema
		dedup := func() pipeline.Stage[*feature.Rows, *feature.Rows] { return newDedup(Dedup{OnePartition: true}, s) }
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
