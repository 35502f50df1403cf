package avro

import (
	"math/rand/v2"
	"testing"
	"time"

	hamba "github.com/hamba/avro/v2"

	"github.com/tandemdata/tandem/internal/avrorow"
)

// bodiesOf are so many random rows of a schema.
func bodiesOf(tb testing.TB, schema string, n int) [][]byte {
	rng, list := rand.New(rand.NewPCG(1, 2)), make([][]byte, n)
	for i := range list {
		body, err := avrorow.RandomBody(schema, rng)
		if err != nil {
			tb.Fatal(err)
		}
		list[i] = body
	}
	return list
}

// reading is two ways to read the same bodies: ours, and hamba's into a map.
func reading(b *testing.B, schema string, list [][]byte) (ours, theirs func()) {
	s, columns := parsed(b, schema)
	program, err := s.Resolve(s.Writer())
	if err != nil {
		b.Fatal(err)
	}
	theirSchema, err := parse(schema)
	if err != nil {
		b.Fatal(err)
	}
	var r Reader
	ours = func() {
		for i := range columns {
			columns[i].Truncate(0)
		}
		for _, body := range list {
			if err := r.Append(columns, program, body); err != nil {
				b.Fatal(err)
			}
		}
	}
	theirs = func() {
		for _, body := range list {
			m := map[string]any{}
			if err := hamba.Unmarshal(theirSchema, body, &m); err != nil {
				b.Fatal(err)
			}
		}
	}
	return ours, theirs
}

// BenchmarkDecodeBesideHamba takes turns, so that whatever else the machine
// does slows both: a ratio is of the two times in one run.
func BenchmarkDecodeBesideHamba(b *testing.B) {
	flat := make([][]byte, 0, perBatch)
	for _, rec := range (avrorow.Log{Seed: 1, Keys: 1 << 20}).Open().Records(perBatch) {
		flat = append(flat, rec.Value)
	}
	for name, c := range map[string]struct {
		schema string
		list   [][]byte
	}{
		"flat":   {avrorow.Schema, flat},
		"nested": {avrorow.NestedSchema, bodiesOf(b, avrorow.NestedSchema, perBatch)},
	} {
		b.Run(name, func(b *testing.B) {
			ours, theirs := reading(b, c.schema, c.list)
			var took [2]time.Duration
			for b.Loop() {
				start := time.Now()
				ours()
				half := time.Now()
				theirs()
				took[0] += half.Sub(start)
				took[1] += time.Since(half)
			}
			rows := float64(b.N * len(c.list))
			b.ReportMetric(float64(took[0])/rows, "ns/row")
			b.ReportMetric(float64(took[1])/rows, "hamba-ns/row")
			b.ReportMetric(float64(took[1])/float64(took[0]), "times-as-fast")
		})
	}
}
