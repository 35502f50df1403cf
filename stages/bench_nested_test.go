package stages

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/hamba/avro/v2"

	"github.com/tandemdata/tandem/internal/avrorow"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// nestedRow is a struct, a map and a list of structs beside a key and a time.
const nestedRow = `{"type":"record","name":"Row","fields":[{"name":"k","type":"string"},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}},
	{"name":"device","type":{"type":"record","name":"Device","fields":[{"name":"os","type":"string"},{"name":"version","type":["null","string"]},{"name":"cores","type":"int"}]}},
	{"name":"counts","type":{"type":"map","values":"long"}},
	{"name":"visits","type":{"type":"array","items":{"type":"record","name":"Visit","fields":[{"name":"page","type":"string"},{"name":"seconds","type":"double"},{"name":"referrer","type":["null","string"]}]}}}]}`

// bodiesOf are so many random rows of a schema.
func bodiesOf(tb testing.TB, schema string, n int) [][]byte {
	rng, list := rand.New(rand.NewPCG(1, 2)), make([][]byte, n)
	for i := range list {
		list[i] = randomBody(tb, schema, rng)
	}
	return list
}

// reading is two ways to read the same bodies: ours, and hamba's into a map.
func reading(b *testing.B, schema string, list [][]byte) (ours, theirs func()) {
	parsed, err := parse(schema)
	if err != nil {
		b.Fatal(err)
	}
	p, fields, err := compile(parsed)
	if err != nil {
		b.Fatal(err)
	}
	cursor, columns := newCursor(), make([]feature.Column, len(fields))
	for i, f := range fields {
		columns[i] = feature.NewColumn(f)
	}
	ours = func() {
		for i := range columns {
			columns[i].Truncate(0)
		}
		for _, body := range list {
			if err := p.run(&cursor, body, columns); err != nil {
				b.Fatal(err)
			}
		}
	}
	theirs = func() {
		for _, body := range list {
			m := map[string]any{}
			if err := avro.Unmarshal(parsed, body, &m); err != nil {
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
		"nested": {nestedRow, bodiesOf(b, nestedRow, perBatch)},
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
