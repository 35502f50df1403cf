package cassandra

import (
	"errors"
	"fmt"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

var _ pipeline.RowChecker = (*writer)(nil)

// CheckRows tells rows that Cassandra has no place for: their order doesn't fit a
// write timestamp, or their key no partition key.
func (w *writer) CheckRows(rows *feature.Rows, from int) (int, error) {
	for i := from; i < rows.Len(); i++ {
		if err := refused(rows, i); err != nil {
			return i, err
		}
	}
	return 0, nil
}

func refused(rows *feature.Rows, i int) error {
	if _, err := timestamp(rows.Schema, rows.Version(i)); err != nil {
		return err
	}
	keys, size := rows.Schema.Keys(), 0
	for _, k := range keys {
		size += keySize(&rows.Columns[k], i)
	}
	switch {
	case size == 0 && len(keys) == 1:
		return errors.New("the primary key is empty: Cassandra has no such partition")
	case size+3*len(keys) > maxKey:
		return fmt.Errorf("the primary key has %d bytes: Cassandra takes %d", size, maxKey-3*len(keys))
	}
	return nil
}

func keySize(c *feature.Column, i int) int {
	switch c.Field.Kind {
	case feature.String, feature.Bytes:
		return len(c.Slice(i))
	}
	return 8
}
