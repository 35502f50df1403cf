package parquet

import (
	"math"
	"slices"

	pq "github.com/parquet-go/parquet-go"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// run is a stretch of rows of a batch that are stored, all deletes or none.
type run struct {
	from, to int
	deletes  bool
}

// chunk is how many rows of one column are turned into values at a time: few
// enough that they stay in the nearest cache.
const chunk = 128

// encoder turns rows into a column's values; it keeps its buffer between calls.
type encoder struct{ values []pq.Value }

// write appends rows of a batch to a column of a file.
func (e *encoder) write(w *pq.ColumnWriter, c *column, src *feature.Column, rows run) error {
	for from := rows.from; from < rows.to; from += chunk {
		e.values = e.values[:0]
		e.append(c, src, from, min(from+chunk, rows.to))
		if _, err := w.WriteRowValues(e.values); err != nil {
			return err
		}
	}
	return nil
}

// writeNulls appends nulls to a column of a file.
func writeNulls(w *pq.ColumnWriter, n int) error {
	for ; n > 0; n -= chunk {
		if _, err := w.WriteRowValues(nulls[:min(n, chunk)]); err != nil {
			return err
		}
	}
	return nil
}

func (e *encoder) append(c *column, src *feature.Column, from, to int) {
	if c.field.Kind == feature.List {
		for i := from; i < to; i++ {
			e.nested(c, src, i, 0, 0, 0)
		}
		return
	}
	def := 0
	if c.nullable[0] {
		def = 1
	}
	if src.Valid == nil || def == 0 {
		e.dense(c, src, from, to, def)
		return
	}
	for i := from; i < to; {
		j := i + 1
		for j < to && src.Valid[j] == src.Valid[i] {
			j++
		}
		if src.Valid[i] {
			e.dense(c, src, i, j, def)
		} else {
			e.values = append(e.values, nulls[:j-i]...)
		}
		i = j
	}
}

// nulls are those of a flat column: values without levels.
var nulls [chunk]pq.Value

// dense appends rows of a flat column that may be null, but is not in these.
func (e *encoder) dense(c *column, src *feature.Column, from, to, def int) {
	v := e.grow(to-from, c.zero().Level(0, def, c.leaf))
	switch c.field.Kind {
	case feature.Bool:
		for i, x := range src.Bools[from:to] {
			if x {
				setBits(&v[i], 1)
			}
		}
	case feature.Int32:
		for i, x := range src.Int32s[from:to] {
			setBits(&v[i], uint64(int64(x)*c.scale))
		}
	case feature.Int64:
		for i, x := range src.Int64s[from:to] {
			setBits(&v[i], uint64(x*c.scale))
		}
	case feature.Float32:
		for i, x := range src.Float32s[from:to] {
			setBits(&v[i], uint64(math.Float32bits(x)))
		}
	case feature.Float64:
		for i, x := range src.Float64s[from:to] {
			setBits(&v[i], math.Float64bits(x))
		}
	default:
		for i := range v {
			setText(&v[i], src.Slice(from+i))
		}
	}
}

// grow appends n values that are like one, and gives them to be set.
func (e *encoder) grow(n int, like pq.Value) []pq.Value {
	from := len(e.values)
	e.values = slices.Grow(e.values, n)[:from+n]
	v := e.values[from:]
	for i := range v {
		v[i] = like
	}
	return v
}

// nested appends one item at some depth of lists. The repetition level says at
// which depth a new item begins, the definition level how far down it is there.
func (e *encoder) nested(c *column, src *feature.Column, i, depth, rep, def int) {
	if c.nullable[depth] {
		if src.Null(i) {
			e.values = append(e.values, pq.Value{}.Level(rep, def, c.leaf))
			return
		}
		def++
	}
	if src.Field.Kind != feature.List {
		e.values = append(e.values, c.value(src, i).Level(rep, def, c.leaf))
		return
	}
	from, to := src.Items(i)
	if from == to {
		e.values = append(e.values, pq.Value{}.Level(rep, def, c.leaf))
		return
	}
	if src.Elem().Field.Kind == feature.Float32 && src.Elem().Valid == nil {
		e.floats(c, src.Elem().Float32s[from:to], depth+1, rep, def+1)
		return
	}
	for j := from; j < to; j++ {
		e.nested(c, src.Elem(), j, depth+1, rep, def+1)
		rep = depth + 1
	}
}

// floats appends a list of floats none of which is null: embeddings are made of those.
func (e *encoder) floats(c *column, items []float32, depth, rep, def int) {
	if c.nullable[depth] {
		def++
	}
	e.values = append(e.values, pq.FloatValue(items[0]).Level(rep, def, c.leaf))
	v := e.grow(len(items)-1, pq.FloatValue(0).Level(depth, def, c.leaf))
	for i, x := range items[1:] {
		setBits(&v[i], uint64(math.Float32bits(x)))
	}
}

// value is one item that isn't null.
func (c *column) value(src *feature.Column, i int) pq.Value {
	switch src.Field.Kind {
	case feature.Bool:
		return pq.BooleanValue(src.Bools[i])
	case feature.Int32:
		return c.int32(src.Int32s[i])
	case feature.Int64:
		return pq.Int64Value(src.Int64s[i] * c.scale)
	case feature.Float32:
		return pq.FloatValue(src.Float32s[i])
	case feature.Float64:
		return pq.DoubleValue(src.Float64s[i])
	}
	return pq.ByteArrayValue(src.Slice(i))
}

// zero is a value of the column's type.
func (c *column) zero() pq.Value {
	switch c.field.Kind {
	case feature.Int32:
		return c.int32(0)
	case feature.Int64:
		return pq.Int64Value(0)
	case feature.Float32:
		return pq.FloatValue(0)
	case feature.Float64:
		return pq.DoubleValue(0)
	case feature.Bool:
		return pq.BooleanValue(false)
	}
	return pq.ByteArrayValue(nil)
}

// int32 is a plain integer, a date, or a time of day, which is kept in microseconds.
func (c *column) int32(x int32) pq.Value {
	if c.scale != 1 {
		return pq.Int64Value(int64(x) * c.scale)
	}
	return pq.Int32Value(x)
}
