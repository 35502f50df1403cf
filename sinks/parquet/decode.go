package parquet

import (
	"errors"
	"io"

	pq "github.com/parquet-go/parquet-go"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// decoder gives a column's values back as they came in; it keeps its buffer
// between calls.
type decoder struct{ values []pq.Value }

// read appends all rows of a row group to dst. A file from before the column
// was added has nulls.
func (d *decoder) read(g pq.RowGroup, c *column, dst *feature.Column) (err error) {
	in, ok := columnOf(g, c)
	if !ok {
		for range g.NumRows() {
			dst.AppendNull()
		}
		return nil
	}
	pages := g.ColumnChunks()[in.leaf].Pages()
	defer func() { err = errors.Join(err, pages.Close()) }()
	for {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		err = d.page(page.Values(), &in, dst)
		pq.Release(page)
		if err != nil {
			return err
		}
	}
}

// columnOf is a column as it is in one file. It is found by the id that Iceberg
// gave it, for names may change, and so may what can be null.
func columnOf(g pq.RowGroup, c *column) (column, bool) {
	for _, f := range g.Schema().Fields() {
		if f.ID() != c.id {
			continue
		}
		path := pathOf(c.field)
		path[0] = f.Name()
		leaf, ok := g.Schema().Lookup(path...)
		in := *c
		in.leaf, in.nullable = leaf.ColumnIndex, []bool{f.Optional()}
		for range len(c.nullable) - 1 {
			f = f.Fields()[0].Fields()[0] // a list's only field, its items
			in.nullable = append(in.nullable, f.Optional())
		}
		return in, ok
	}
	return column{}, false
}

func (d *decoder) page(r pq.ValueReader, c *column, dst *feature.Column) error {
	if d.values == nil {
		d.values = make([]pq.Value, 1024)
	}
	for {
		n, err := r.ReadValues(d.values)
		for _, v := range d.values[:n] {
			if v.RepetitionLevel() == 0 {
				c.place(dst, v, 0, 0)
			} else {
				c.resume(dst, v, 0, 0)
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

// place appends one item at some depth: def is the definition level above it.
func (c *column) place(dst *feature.Column, v pq.Value, depth, def int) {
	if c.nullable[depth] {
		if v.DefinitionLevel() == def {
			dst.AppendNull()
			return
		}
		def++
	}
	if dst.Field.Kind != feature.List {
		c.append(dst, v)
		dst.MarkValid()
		return
	}
	if v.DefinitionLevel() > def {
		c.place(dst.Elem(), v, depth+1, def+1)
	}
	dst.Offsets = append(dst.Offsets, uint32(dst.Elem().Len()))
	dst.MarkValid()
}

// resume adds an item to the last list at the depth of its repetition level.
func (c *column) resume(dst *feature.Column, v pq.Value, depth, def int) {
	if c.nullable[depth] {
		def++
	}
	if v.RepetitionLevel() > depth+1 {
		c.resume(dst.Elem(), v, depth+1, def+1)
		return
	}
	c.place(dst.Elem(), v, depth+1, def+1)
	dst.Offsets[len(dst.Offsets)-1] = uint32(dst.Elem().Len())
}

func (c *column) append(dst *feature.Column, v pq.Value) {
	switch dst.Field.Kind {
	case feature.Bool:
		dst.Bools = append(dst.Bools, v.Boolean())
	case feature.Int32:
		dst.Int32s = append(dst.Int32s, c.toInt32(v))
	case feature.Int64:
		dst.Int64s = append(dst.Int64s, v.Int64()/c.scale)
	case feature.Float32:
		dst.Float32s = append(dst.Float32s, v.Float())
	case feature.Float64:
		dst.Float64s = append(dst.Float64s, v.Double())
	default:
		dst.Bytes = append(dst.Bytes, v.ByteArray()...)
		dst.Offsets = append(dst.Offsets, uint32(len(dst.Bytes)))
	}
}

func (c *column) toInt32(v pq.Value) int32 {
	if c.scale != 1 {
		return int32(v.Int64() / c.scale)
	}
	return v.Int32()
}
