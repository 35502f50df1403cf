package avrorow

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/hamba/avro/v2"
)

// NestedSchema is of rows with a struct, a map and a list of structs beside a key and a time.
const NestedSchema = `{"type":"record","name":"Row","fields":[{"name":"k","type":"string"},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}},
	{"name":"device","type":{"type":"record","name":"Device","fields":[{"name":"os","type":"string"},{"name":"version","type":["null","string"]},{"name":"cores","type":"int"}]}},
	{"name":"counts","type":{"type":"map","values":"long"}},
	{"name":"visits","type":{"type":"array","items":{"type":"record","name":"Visit","fields":[{"name":"page","type":"string"},{"name":"seconds","type":"double"},{"name":"referrer","type":["null","string"]}]}}}]}`

// RandomBody writes a random value of a schema, whose named types mean nothing
// to other schemas.
func RandomBody(schema string, rng *rand.Rand) ([]byte, error) {
	s, err := avro.ParseWithCache(schema, "", &avro.SchemaCache{})
	if err != nil {
		return nil, err
	}
	w := avro.NewWriter(nil, 64)
	random(w, s, rng)
	return w.Buffer(), nil
}

// random writes a value of a schema.
func random(w *avro.Writer, schema avro.Schema, rng *rand.Rand) {
	if ref, ok := schema.(*avro.RefSchema); ok {
		schema = ref.Schema()
	}
	switch s := schema.(type) {
	case *avro.RecordSchema:
		for _, f := range s.Fields() {
			random(w, f.Type(), rng)
		}
	case *avro.UnionSchema:
		i := rng.IntN(len(s.Types()))
		w.WriteLong(int64(i))
		random(w, s.Types()[i], rng)
	case *avro.ArraySchema:
		randomItems(w, rng, func() { random(w, s.Items(), rng) })
	case *avro.MapSchema:
		randomItems(w, rng, func() { w.WriteString(fmt.Sprint(rng.Uint64())); random(w, s.Values(), rng) })
	case *avro.EnumSchema:
		w.WriteInt(int32(rng.IntN(len(s.Symbols()))))
	case *avro.FixedSchema:
		_, _ = w.Write(make([]byte, s.Size()))
	case *avro.PrimitiveSchema:
		randomPrimitive(w, s.Type(), rng)
	}
}

// randomItems writes blocks, some of which say how long they are.
func randomItems(w *avro.Writer, rng *rand.Rand, item func()) {
	for range rng.IntN(3) {
		n := 1 + rng.IntN(3)
		if rng.IntN(2) == 0 {
			w.WriteLong(int64(n))
			for range n {
				item()
			}
			continue
		}
		w.WriteBlockCB(func(*avro.Writer) int64 {
			for range n {
				item()
			}
			return int64(n)
		})
	}
	w.WriteLong(0)
}

func randomPrimitive(w *avro.Writer, t avro.Type, rng *rand.Rand) {
	switch t {
	case avro.Boolean:
		w.WriteBool(rng.IntN(2) == 0)
	case avro.Int:
		w.WriteInt(int32(rng.Uint32()) >> rng.IntN(32))
	case avro.Long:
		w.WriteLong(int64(rng.Uint64()) >> rng.IntN(64))
	case avro.Float:
		w.WriteFloat(rng.Float32())
	case avro.Double:
		w.WriteDouble(rng.NormFloat64())
	case avro.String, avro.Bytes:
		w.WriteString(strings.Repeat("é", rng.IntN(9)))
	}
}
