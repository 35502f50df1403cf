package column

import (
	"math"
	"unsafe"

	pq "github.com/parquet-go/parquet-go"
)

// Setting a value's levels is a call for each value, which costs as much as all
// the rest of it; the embedding of a row alone is dozens. So values are copied
// from one that has its levels, and only what they hold is set.

// valueFields is pq.Value as it lies in memory. That it does is checked when
// the program starts; if it doesn't, values are made the slow way.
type valueFields struct {
	ptr    *byte
	u64    uint64
	kind   int8
	levels [2]byte
	column uint16
}

var valueFieldsMatch = func() bool {
	v := pq.FloatValue(1).Level(1, 2, 3)
	if unsafe.Sizeof(v) != unsafe.Sizeof(valueFields{}) {
		return false
	}
	text := []byte("text")
	n, s := v, pq.ByteArrayValue([]byte("longer")).Level(2, 1, 4)
	(*valueFields)(unsafe.Pointer(&n)).u64 = 0x40200000
	f := (*valueFields)(unsafe.Pointer(&s))
	f.ptr, f.u64 = unsafe.SliceData(text), uint64(len(text))
	return pq.DeepEqual(n, pq.FloatValue(2.5).Level(1, 2, 3)) && pq.DeepEqual(s, pq.ByteArrayValue(text).Level(2, 1, 4))
}()

// setBits makes v another number of its type and levels.
func setBits(v *pq.Value, bits uint64) {
	if !valueFieldsMatch {
		*v = numberLike(*v, bits)
		return
	}
	(*valueFields)(unsafe.Pointer(v)).u64 = bits
}

// setText makes v another text of its levels.
func setText(v *pq.Value, b []byte) {
	if !valueFieldsMatch {
		*v = bytesLike(v.Kind(), b).Level(v.RepetitionLevel(), v.DefinitionLevel(), v.Column())
		return
	}
	f := (*valueFields)(unsafe.Pointer(v))
	f.ptr, f.u64 = unsafe.SliceData(b), uint64(len(b))
}

// numberLike is the slow way.
func numberLike(v pq.Value, bits uint64) pq.Value {
	var n pq.Value
	switch v.Kind() {
	case pq.Boolean:
		n = pq.BooleanValue(bits != 0)
	case pq.Int32:
		n = pq.Int32Value(int32(bits))
	case pq.Int64:
		n = pq.Int64Value(int64(bits))
	case pq.Float:
		n = pq.FloatValue(math.Float32frombits(uint32(bits)))
	default:
		n = pq.DoubleValue(math.Float64frombits(bits))
	}
	return n.Level(v.RepetitionLevel(), v.DefinitionLevel(), v.Column())
}

func bytesLike(k pq.Kind, b []byte) pq.Value {
	if k == pq.FixedLenByteArray {
		return pq.FixedLenByteArrayValue(b)
	}
	return pq.ByteArrayValue(b)
}
