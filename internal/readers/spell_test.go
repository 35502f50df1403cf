package readers

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"strconv"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// typeOf is the Iceberg type that the README promises for a field, by its name
// there; nested ones are objects, as spell.py has them.
func typeOf(f feature.Field) any {
	switch f.Kind {
	case feature.List:
		return map[string]any{"list": typeOf(f.Elem())}
	case feature.Map:
		_, value := f.Entries()
		return map[string]any{"map": typeOf(value)}
	case feature.Struct:
		var children [][2]any
		for _, c := range f.Children {
			children = append(children, [2]any{c.Name, typeOf(c)})
		}
		return map[string]any{"struct": children}
	}
	switch f.Logical {
	case feature.Date:
		return "date"
	case feature.TimeMillis, feature.TimeMicros:
		return "time"
	case feature.TimestampMillis, feature.TimestampMicros:
		return "timestamptz"
	case feature.LocalTimestampMillis, feature.LocalTimestampMicros:
		return "timestamp"
	case feature.UUID:
		return "uuid"
	case feature.Decimal:
		return fmt.Sprintf("decimal(%d,%d)", f.Precision, f.Scale)
	}
	if f.Size > 0 {
		return fmt.Sprintf("fixed[%d]", f.Size)
	}
	return map[feature.Kind]string{
		feature.Bool: "boolean", feature.Int32: "int", feature.Int64: "long", feature.Float32: "float",
		feature.Float64: "double", feature.String: "string", feature.Bytes: "binary",
	}[f.Kind]
}

// spell writes a value as spell.py does. All NaNs are one: readers may change
// the bits of one on the way from float to double.
func spell(f feature.Field, v any) any {
	if v == nil {
		return nil
	}
	switch f.Kind {
	case feature.Bool, feature.String:
		return v
	case feature.Int32, feature.Int64:
		return spellInt(f, v)
	case feature.Float32:
		x := v.(float32)
		return spellFloat(x != x, "%08x", math.Float32bits(x))
	case feature.Float64:
		x := v.(float64)
		return spellFloat(x != x, "%016x", math.Float64bits(x))
	case feature.Bytes:
		if f.Logical == feature.Decimal {
			return feature.Unscaled(v.([]byte)).String()
		}
		return hex.EncodeToString(v.([]byte))
	}
	return spellNested(f, v)
}

func spellNested(f feature.Field, v any) any {
	switch f.Kind {
	case feature.List:
		items := []any{}
		for _, e := range v.([]any) {
			items = append(items, spell(f.Elem(), e))
		}
		return items
	case feature.Map:
		_, value := f.Entries()
		entries := map[string]any{}
		for k, e := range v.(map[string]any) {
			entries[k] = spell(value, e)
		}
		return entries
	}
	fields := map[string]any{}
	for _, c := range f.Children {
		fields[c.Name] = spell(c, v.(map[string]any)[c.Name])
	}
	return fields
}

func spellInt(f feature.Field, v any) string {
	x, ok := v.(int64)
	if !ok {
		x = int64(v.(int32))
	}
	switch f.Logical {
	case feature.TimeMillis, feature.TimestampMillis, feature.LocalTimestampMillis:
		x *= 1000
	}
	return strconv.FormatInt(x, 10)
}

func spellFloat(nan bool, format string, bits any) string {
	if nan {
		return "NaN"
	}
	return fmt.Sprintf(format, bits)
}

// number reads what spell wrote for a type whose values are numbers; infinities
// and NaN are no numbers.
func number(typ, spelled string) (x *big.Float, nan bool) {
	switch typ {
	case "float", "double":
		if spelled == "NaN" {
			return nil, true
		}
		b, err := hex.DecodeString(spelled)
		if err != nil {
			panic(err)
		}
		if typ == "float" {
			return new(big.Float).SetFloat64(float64(math.Float32frombits(binary.BigEndian.Uint32(b)))), false
		}
		return new(big.Float).SetFloat64(math.Float64frombits(binary.BigEndian.Uint64(b))), false
	}
	x, _, err := big.ParseFloat(spelled, 10, 200, big.ToNearestEven)
	if err != nil {
		panic(err)
	}
	return x, false
}
