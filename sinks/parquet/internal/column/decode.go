package column

import (
	"errors"
	"fmt"
	"io"
	"slices"

	pq "github.com/parquet-go/parquet-go"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Decoder gives a column's values back as they came in; it keeps its buffer
// between calls.
type Decoder struct{ values []pq.Value }

// Read appends all rows of a row group to dst. A file from before the column
// was added has nulls.
func (d *Decoder) Read(g pq.RowGroup, c *Column, dst *feature.Column) error {
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
			return fmt.Errorf("column %v: %w", c.Field, err)
		}
	}
	return nil
}

// columnOf is a column as it is in one file, nil if it is not there. It is found
// by the id that Iceberg gave it, for names may change, and so may what can be
// null.
func columnOf(g pq.RowGroup, c *Column) (*Column, error) {
	for _, f := range g.Schema().Fields() {
		if f.ID() == c.ID {
			in := *c
			in.leaves = slices.Clone(c.leaves)
			for i := range in.leaves {
				in.leaves[i].path = slices.Clone(in.leaves[i].path)
			}
			return &in, in.Find(g.Schema(), f.Name())
		}
	}
	return nil, nil
}

func (d *Decoder) leaf(g pq.RowGroup, l *leaf, dst *feature.Column) (err error) {
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

func (d *Decoder) page(r pq.ValueReader, l *leaf, dst *feature.Column) error {
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
