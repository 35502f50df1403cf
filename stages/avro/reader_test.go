package avro

import (
	"bytes"
	"encoding/binary"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// parsed is a schema, and an empty column for each of its fields.
func parsed(t testing.TB, schema string) (*Schema, []feature.Column) {
	t.Helper()
	s, err := Parse(schema)
	if err != nil {
		t.Fatal(err)
	}
	var columns []feature.Column
	for _, f := range s.Fields() {
		columns = append(columns, feature.NewColumn(f))
	}
	return s, columns
}

// recordWith is a record schema of a key and one more field.
func recordWith(field string) string {
	return `{"type":"record","name":"Row","fields":[{"name":"k","type":"string"},` + field + `]}`
}

func varints(values ...int64) []byte {
	var b []byte
	for _, v := range values {
		b = binary.AppendVarint(b, v)
	}
	return b
}

func listOf(items string) string {
	return `{"type":"record","name":"L","fields":[{"name":"k","type":"int"},{"name":"v","type":{"type":"array","items":` + items + `}}]}`
}

func TestHostileCountsAllocateNothing(t *testing.T) {
	for name, c := range map[string]struct {
		schema string
		body   []byte
	}{
		"longs":         {listOf(`"long"`), varints(1, 200<<20)},
		"sized longs":   {listOf(`"long"`), varints(1, -(200 << 20), 1)},
		"floats":        {listOf(`"float"`), varints(1, 1<<40)},
		"wrapped":       {listOf(`"float"`), varints(1, 1<<62, 0)}, // in bytes it is 0
		"nulls":         {listOf(`["null","long"]`), varints(1, 1<<30)},
		"least integer": {listOf(`"long"`), varints(1, -1<<63, 0, 0)},
		"string":        {listOf(`"string"`), varints(1, 1, 1<<40)},
		"negative size": {listOf(`"string"`), varints(1, 1, -1)},
		"block size":    {listOf(`"long"`), varints(1, -1, 1<<62, 0, 0)},
		"overflow":      {listOf(`"long"`), append(varints(1), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f)},
	} {
		t.Run(name, func(t *testing.T) {
			s, columns := parsed(t, c.schema)
			program, err := s.Resolve(s.Writer())
			if err != nil {
				t.Fatal(err)
			}
			var r Reader
			if err := r.Append(columns, program, c.body); err == nil {
				t.Fatal("was taken for a record")
			}
			if n := cap(columns[1].Elem().Int64s) + cap(columns[1].Elem().Float32s) + cap(columns[1].Elem().Bytes); n > 64 {
				t.Errorf("room for %d items was made", n)
			}
		})
	}
}

func TestAnErrorInANestedValueSaysWhere(t *testing.T) {
	s, columns := parsed(t, recordWith(`{"name":"m","type":{"type":"map","values":{"type":"record","name":"R","fields":[{"name":"s","type":"string"},{"name":"on","type":"boolean"}]}}}`))
	program, err := s.Resolve(s.Writer())
	if err != nil {
		t.Fatal(err)
	}
	var r Reader
	for body, want := range map[string]string{
		"\x02\x02a\x02x\x05\x00":               `field "m": field "on": ` + errBool.Error(),
		"\x04\x02a\x02x\x01\x02a\x02x\x01\x00": `field "m": key "a": ` + ErrDuplicateKey.Error(),
	} {
		if err := r.Append(columns, program, []byte("\x02x"+body)); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestADecimalFitsAsItsColumnSays(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 20_000 {
		f := feature.Field{Kind: feature.Bytes, Logical: feature.Decimal, Precision: 1 + rng.IntN(feature.MaxPrecision)}
		x := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(rng.IntN(40))), nil)
		x.Add(x, big.NewInt(int64(rng.IntN(3)-1)))
		if rng.IntN(2) == 0 {
			x.Neg(x)
		}
		if got, want := fits(feature.AppendUnscaled(nil, x), f.Precision), f.HoldsUnscaled(x); got != want {
			t.Fatalf("%v in %d digits: %v, want %v", x, f.Precision, got, want)
		}
	}
	if fits(bytes.Repeat([]byte{0x7f}, 16), feature.MaxPrecision) {
		t.Error("more than 38 digits fit")
	}
}
