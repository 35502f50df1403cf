package column

import (
	"fmt"
	"math"
	"slices"

	pq "github.com/parquet-go/parquet-go"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// chunk is how many rows of one column are turned into values at a time: few
// enough that they stay in the nearest cache.
const chunk = 128

// Encoder writes columns to the leaves of one file.
type Encoder struct {
	leaves []*pq.ColumnWriter
	values []pq.Value
	padded []byte // decimals of the values, in the file's width
	scaled []int64
	seen   []seen // by leaf, in the open row group
	err    error  // a value that has no place in the file
}

// NewEncoder is of the file that the writers are all leaves of.
func NewEncoder(leaves []*pq.ColumnWriter) *Encoder {
	return &Encoder{leaves: leaves, seen: make([]seen, len(leaves))}
}

// Write appends rows of a batch to a column of the file.
func (e *Encoder) Write(c *Column, src *feature.Column, from, to int) error {
	for i := range c.leaves {
		l := &c.leaves[i]
		if err := e.write(e.leaves[l.index], l, src, from, to); err != nil {
			return err
		}
	}
	return nil
}

// WriteNulls appends n rows to a column that are null, whatever it has in it.
func (e *Encoder) WriteNulls(c *Column, n int) error {
	for i := range c.leaves {
		if err := writeNulls(e.leaves[c.leaves[i].index], n); err != nil {
			return err
		}
	}
	return nil
}

func (e *Encoder) write(w *pq.ColumnWriter, l *leaf, src *feature.Column, from, to int) error {
	if done, err := e.numbers(w, l, src, from, to); done || err != nil {
		return err
	}
	for ; from < to; from += chunk {
		e.values, e.padded = e.values[:0], e.padded[:0]
		e.append(l, src, from, min(from+chunk, to))
		if e.err != nil {
			return e.err
		}
		if _, err := w.WriteRowValues(e.values); err != nil {
			return err
		}
	}
	return nil
}

func writeNulls(w *pq.ColumnWriter, n int) error {
	for ; n > 0; n -= chunk {
		if _, err := w.WriteRowValues(nulls[:min(n, chunk)]); err != nil {
			return err
		}
	}
	return nil
}

func (e *Encoder) append(l *leaf, src *feature.Column, from, to int) {
	if len(l.path) > 1 {
		for i := from; i < to; i++ {
			e.nested(l, src, i, 0, 0, level{})
		}
		return
	}
	def := 0
	if l.path[0].nullable {
		def = 1
	}
	if src.Valid == nil || def == 0 {
		e.dense(l, src, from, to, def)
		return
	}
	for i := from; i < to; {
		j := i + 1
		for j < to && src.Valid[j] == src.Valid[i] {
			j++
		}
		if src.Valid[i] {
			e.dense(l, src, i, j, def)
		} else {
			e.values = append(e.values, nulls[:j-i]...)
		}
		i = j
	}
}

// nulls are those of a flat column: values without levels.
var nulls [chunk]pq.Value

// dense appends rows of a flat column that may be null, but is not in these.
func (e *Encoder) dense(l *leaf, src *feature.Column, from, to, def int) {
	v := e.grow(to-from, l.zero().Level(0, def, l.index))
	switch l.field.Kind {
	case feature.Bool:
		for i, x := range src.Bools[from:to] {
			if x {
				setBits(&v[i], 1)
			}
		}
	case feature.Int32:
		for i, x := range src.Int32s[from:to] {
			setBits(&v[i], uint64(int64(x)*l.scale))
		}
	case feature.Int64:
		for i, x := range src.Int64s[from:to] {
			setBits(&v[i], uint64(x*l.scale))
		}
	case feature.Float32:
		floats(&e.seen[l.index], src.Float32s[from:to])
		for i, x := range src.Float32s[from:to] {
			setBits(&v[i], uint64(math.Float32bits(x)))
		}
	case feature.Float64:
		floats(&e.seen[l.index], src.Float64s[from:to])
		for i, x := range src.Float64s[from:to] {
			setBits(&v[i], math.Float64bits(x))
		}
	default:
		e.texts(v, l, src, from)
	}
}

// texts sets values to those of rows from one on.
func (e *Encoder) texts(v []pq.Value, l *leaf, src *feature.Column, from int) {
	if l.field.Logical == feature.Decimal {
		for i := range v {
			e.setBytes(&v[i], l, src.Slice(from+i))
		}
		return
	}
	at := src.Offsets[from]
	for i, end := range src.Offsets[from+1 : from+1+len(v)] {
		setText(&v[i], src.Bytes[at:end])
		at = end
	}
}

// setBytes makes v another of the leaf's bytes.
func (e *Encoder) setBytes(v *pq.Value, l *leaf, b []byte) {
	switch {
	case l.field.Logical != feature.Decimal:
		setText(v, b)
	case !holdsDecimal(l.field, b):
		e.err = fmt.Errorf("a decimal has more digits than %v", l.field)
	case l.field.Precision <= maxLongDigits:
		setBits(v, uint64(longOf(b)))
	default:
		from := len(e.padded)
		e.padded = appendPadded(e.padded, b, decimalBytes[l.field.Precision])
		e.seen[l.index].decimal(e.padded[from:])
		setText(v, e.padded[from:])
	}
}

// grow appends n values that are like one, and gives them to be set.
func (e *Encoder) grow(n int, like pq.Value) []pq.Value {
	from := len(e.values)
	e.values = slices.Grow(e.values, n)[:from+n]
	v := e.values[from:]
	for i := range v {
		v[i] = like
	}
	return v
}
