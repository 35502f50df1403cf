package parquet

import (
	"fmt"

	pq "github.com/parquet-go/parquet-go"

	"github.com/tandemdata/tandem/sinks/parquet/internal/identity"
)

// copy appends rows that files of the table had, as they are; with a digester, the
// index of identities has them too.
func (f *dataFile) copy(b *block, d *identity.Digester) error {
	b.seal()
	for from := 0; from < b.len(); from += blockRows {
		if err := f.copyBlock(b, from, min(from+blockRows, b.len())); err != nil {
			return fmt.Errorf("writing %s: %w", f.out.file.Name(), err)
		}
	}
	if d == nil {
		return nil
	}
	var buf []byte
	for i := range b.len() {
		var id identity.Digest
		id, buf = d.Of(buf, b.rows, i)
		f.identities.Add(id, b.own.version(i, 0))
	}
	return nil
}

func (f *dataFile) copyBlock(b *block, from, to int) error {
	l := f.layout
	times := timesOf(b.rows)
	for i := range l.schema.Fields {
		src := &b.rows.Columns[i]
		if i == l.schema.Time() {
			src = times
		}
		if err := f.encoder.Write(&l.columns[i], src, from, to); err != nil {
			return err
		}
	}
	for i := range l.columns[len(l.schema.Fields):] {
		if err := f.encoder.Write(l.own(i), &b.own[i], from, to); err != nil {
			return err
		}
	}
	return f.grow(to - from)
}

// lacks reports whether a file has nulls, or may have, where this layout has none.
func (l *layout) lacks(file *pq.Schema) bool {
	required := map[int]bool{}
	for _, f := range file.Fields() {
		required[f.ID()] = !f.Optional()
	}
	for i := range l.columns {
		if c := &l.columns[i]; !c.Field.Nullable && !l.keeps(i) && !required[c.ID] {
			return true
		}
	}
	return false
}
