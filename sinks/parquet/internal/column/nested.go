package column

import (
	"math"

	pq "github.com/parquet-go/parquet-go"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// level is where a value stands: at which depth of lists and maps it begins a
// new item, and how far down its way is there.
type level struct{ rep, def int }

// nested appends what one item has for a leaf, from a step of the way to it on,
// which is inside so many lists and maps.
func (e *Encoder) nested(l *leaf, src *feature.Column, i, step, lists int, at level) {
	s := l.path[step]
	if s.nullable {
		if src.Null(i) {
			e.absent(l, at)
			return
		}
		at.def++
	}
	switch src.Field.Kind {
	case feature.List, feature.Map:
		e.items(l, src, i, step, lists+1, at)
	case feature.Struct:
		e.nested(l, &src.Children[s.child], i, step+1, lists, at)
	default:
		v := l.zero().Level(at.rep, at.def, l.index)
		e.set(&v, l, src, i)
		e.values = append(e.values, v)
	}
}

// items appends those of a list or a map. The first begins what the list
// begins, the others an item of the list.
func (e *Encoder) items(l *leaf, src *feature.Column, i, step, lists int, at level) {
	from, to := src.Items(i)
	if from == to {
		e.absent(l, at)
		return
	}
	at.def++
	child := &src.Children[l.path[step].child]
	if child.Field.Kind == feature.Float32 && child.Valid == nil {
		e.floats(l, child.Float32s[from:to], lists, at)
		return
	}
	for j := from; j < to; j++ {
		e.nested(l, child, j, step+1, lists, at)
		at.rep = lists
	}
}

// absent appends that the way to the leaf ends before it.
func (e *Encoder) absent(l *leaf, at level) {
	e.values = append(e.values, pq.Value{}.Level(at.rep, at.def, l.index))
}

// floats appends a list of floats none of which is null: embeddings are made of those.
func (e *Encoder) floats(l *leaf, items []float32, lists int, at level) {
	if l.path[len(l.path)-1].nullable {
		at.def++
	}
	floats(&e.seen[l.index], items)
	e.values = append(e.values, pq.FloatValue(items[0]).Level(at.rep, at.def, l.index))
	v := e.grow(len(items)-1, pq.FloatValue(0).Level(lists, at.def, l.index))
	for i, x := range items[1:] {
		setBits(&v[i], uint64(math.Float32bits(x)))
	}
}

// set makes v the value of a row that isn't null.
func (e *Encoder) set(v *pq.Value, l *leaf, src *feature.Column, i int) {
	switch src.Field.Kind {
	case feature.Bool:
		if src.Bools[i] {
			setBits(v, 1)
		}
	case feature.Int32:
		setBits(v, uint64(int64(src.Int32s[i])*l.scale))
	case feature.Int64:
		setBits(v, uint64(src.Int64s[i]*l.scale))
	case feature.Float32:
		floats(&e.seen[l.index], src.Float32s[i:i+1])
		setBits(v, uint64(math.Float32bits(src.Float32s[i])))
	case feature.Float64:
		floats(&e.seen[l.index], src.Float64s[i:i+1])
		setBits(v, math.Float64bits(src.Float64s[i]))
	default:
		e.setBytes(v, l, src.Slice(i))
	}
}

// zero is a value of the leaf's type.
func (l *leaf) zero() pq.Value {
	switch l.field.Kind {
	case feature.Bool:
		return pq.BooleanValue(false)
	case feature.Int32:
		if l.scale != 1 { // a time of day, which is kept in microseconds
			return pq.Int64Value(0)
		}
		return pq.Int32Value(0)
	case feature.Int64:
		return pq.Int64Value(0)
	case feature.Float32:
		return pq.FloatValue(0)
	case feature.Float64:
		return pq.DoubleValue(0)
	}
	return l.zeroBytes()
}

func (l *leaf) zeroBytes() pq.Value {
	switch {
	case l.field.Logical == feature.Decimal && l.field.Precision <= maxIntDigits:
		return pq.Int32Value(0)
	case l.field.Logical == feature.Decimal && l.field.Precision <= maxLongDigits:
		return pq.Int64Value(0)
	case l.field.Logical == feature.Decimal || l.field.Size > 0:
		return pq.FixedLenByteArrayValue(nil)
	}
	return pq.ByteArrayValue(nil)
}
