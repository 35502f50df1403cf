package parquet

import (
	"errors"
	"fmt"
	"io"
	"slices"

	pq "github.com/parquet-go/parquet-go"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// decoder gives a column's values back as they came in; it keeps its buffer
// between calls.
type decoder struct{ values []pq.Value }

// read appends all rows of a row group to dst. A file from before the column
// was added has nulls.
func (d *decoder) read(g pq.RowGroup, c *column, dst *feature.Column) error {
	in, err := columnOf(g, c)
	if err != nil {
		return err
	}
	if in == nil {
		for range g.NumRows() {
			dst.AppendNull()
		}
		return nil
	}
	for i := range in.leaves {
		if err := d.leaf(g, &in.leaves[i], dst); err != nil {
			return fmt.Errorf("column %v: %w", c.field, err)
		}
	}
	return nil
}

// columnOf is a column as it is in one file, nil if it is not there. It is found
// by the id that Iceberg gave it, for names may change, and so may what can be
// null.
func columnOf(g pq.RowGroup, c *column) (*column, error) {
	for _, f := range g.Schema().Fields() {
		if f.ID() == c.id {
			in := *c
			in.leaves = slices.Clone(c.leaves)
			for i := range in.leaves {
				in.leaves[i].path = slices.Clone(in.leaves[i].path)
			}
			return &in, in.find(g.Schema(), f.Name())
		}
	}
	return nil, nil
}

func (d *decoder) leaf(g pq.RowGroup, l *leaf, dst *feature.Column) (err error) {
	pages := g.ColumnChunks()[l.index].Pages()
	defer func() { err = errors.Join(err, pages.Close()) }()
	for {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		err = d.page(page.Values(), l, dst)
		pq.Release(page)
		if err != nil {
			return err
		}
	}
}

func (d *decoder) page(r pq.ValueReader, l *leaf, dst *feature.Column) error {
	if d.values == nil {
		d.values = make([]pq.Value, 1024)
	}
	for {
		n, err := r.ReadValues(d.values)
		for _, v := range d.values[:n] {
			if v.RepetitionLevel() == 0 {
				l.place(dst, v, 0, 0)
			} else {
				l.resume(dst, v, 0, level{})
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// place appends one item at some step: def is the definition level above it.
func (l *leaf) place(dst *feature.Column, v pq.Value, step, def int) {
	s := l.path[step]
	if s.nullable {
		if v.DefinitionLevel() == def {
			l.placeNull(dst, step)
			return
		}
		def++
	}
	switch dst.Field.Kind {
	case feature.Struct:
		l.place(&dst.Children[s.child], v, step+1, def)
	case feature.List, feature.Map:
		if v.DefinitionLevel() > def {
			l.place(&dst.Children[s.child], v, step+1, def+1)
		}
		if s.leads {
			dst.Close()
		}
	default:
		l.append(dst, v)
	}
	if s.leads {
		dst.MarkValid()
	}
}

// placeNull appends a null, of a struct down to this leaf.
func (l *leaf) placeNull(dst *feature.Column, step int) {
	s := l.path[step]
	if dst.Field.Kind != feature.Struct {
		if s.leads {
			dst.AppendNull()
		}
		return
	}
	n := 0
	if s.leads {
		n = dst.Len()
	}
	l.placeNull(&dst.Children[s.child], step+1)
	if !s.leads {
		return
	}
	if dst.Valid == nil {
		dst.Valid = slices.Repeat([]bool{true}, n)
	}
	dst.Valid = append(dst.Valid, false)
}

// resume adds an item to the last list or map at the depth of its repetition
// level; at is the level above this step.
func (l *leaf) resume(dst *feature.Column, v pq.Value, step int, at level) {
	s := l.path[step]
	if s.nullable {
		at.def++
	}
	child := &dst.Children[s.child]
	if dst.Field.Kind == feature.Struct {
		l.resume(child, v, step+1, at)
		return
	}
	at.rep, at.def = at.rep+1, at.def+1
	if v.RepetitionLevel() > at.rep {
		l.resume(child, v, step+1, at)
		return
	}
	l.place(child, v, step+1, at.def)
	if s.leads {
		dst.Offsets[len(dst.Offsets)-1] = uint32(child.Len())
	}
}

func (l *leaf) append(dst *feature.Column, v pq.Value) {
	switch dst.Field.Kind {
	case feature.Bool:
		dst.Bools = append(dst.Bools, v.Boolean())
	case feature.Int32:
		dst.Int32s = append(dst.Int32s, l.toInt32(v))
	case feature.Int64:
		dst.Int64s = append(dst.Int64s, v.Int64()/l.scale)
	case feature.Float32:
		dst.Float32s = append(dst.Float32s, v.Float())
	case feature.Float64:
		dst.Float64s = append(dst.Float64s, v.Double())
	default:
		dst.Bytes = l.appendBytes(dst.Bytes, v)
		dst.Offsets = append(dst.Offsets, uint32(len(dst.Bytes)))
	}
}

func (l *leaf) appendBytes(dst []byte, v pq.Value) []byte {
	if l.field.Logical == feature.Decimal {
		return append(dst, unscaled(new([8]byte), v)...)
	}
	return append(dst, v.ByteArray()...)
}

func (l *leaf) toInt32(v pq.Value) int32 {
	if l.scale != 1 {
		return int32(v.Int64() / l.scale)
	}
	return v.Int32()
}
