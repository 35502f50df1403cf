package avro

import (
	"testing"

	hamba "github.com/hamba/avro/v2"

	"github.com/tandemdata/tandem/internal/avrorow"
)

// Each benchmark runs over batches of this many rows of twenty fields.
const perBatch = 1024

// perRow reports the cost of one row.
func perRow(b *testing.B, rows int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rows), "ns/row")
	b.ReportMetric(float64(b.N*rows)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkDecode(b *testing.B) {
	list := (avrorow.Log{Seed: 1, Keys: 1 << 20}).Open().Records(perBatch)
	b.Run("values", func(b *testing.B) { // without records, keys and a fresh batch
		s, columns := parsed(b, avrorow.Schema)
		program, err := s.Resolve(s.Writer())
		if err != nil {
			b.Fatal(err)
		}
		var r Reader
		b.ReportAllocs()
		for b.Loop() {
			for i := range columns {
				columns[i].Truncate(0)
			}
			for i := range list {
				if err := r.Append(columns, program, list[i].Value); err != nil {
					b.Fatal(err)
				}
			}
		}
		perRow(b, perBatch)
	})
	b.Run("by-hand", func(b *testing.B) {
		r, h := hamba.NewReader(nil, 0), newByHand()
		b.ReportAllocs()
		for b.Loop() {
			h.clear()
			for i := range list {
				r.Reset(list[i].Value)
				h.read(r)
				if r.Error != nil {
					b.Fatal(r.Error)
				}
			}
		}
		perRow(b, perBatch)
	})
	b.Run("hamba-map", func(b *testing.B) {
		s := hamba.MustParse(avrorow.Schema)
		b.ReportAllocs()
		for b.Loop() {
			for i := range list {
				m := map[string]any{}
				if err := hamba.Unmarshal(s, list[i].Value, &m); err != nil {
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

func (h *byHand) text(r *hamba.Reader, i int) {
	n, from := int(r.ReadLong()), len(h.strings[i])
	for cap(h.strings[i]) < from+n {
		h.strings[i] = append(h.strings[i][:cap(h.strings[i])], 0)
	}
	h.strings[i] = h.strings[i][:from+n]
	r.Read(h.strings[i][from:])
	h.ends[i] = append(h.ends[i], uint32(from+n))
}

func (h *byHand) long(r *hamba.Reader, i int)   { h.longs[i] = append(h.longs[i], r.ReadLong()) }
func (h *byHand) double(r *hamba.Reader, i int) { h.doubles[i] = append(h.doubles[i], r.ReadDouble()) }

func present(r *hamba.Reader, to *[]bool) bool {
	p := r.ReadLong() == 1
	*to = append(*to, p)
	return p
}

func (h *byHand) read(r *hamba.Reader) {
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
