package avro

import (
	"fmt"
	"slices"

	hamba "github.com/hamba/avro/v2"
)

// Writer is a schema that wrote bodies. It may be of any type, with defaults
// that are wrong: they mean nothing to whoever reads.
type Writer struct {
	schema      hamba.Schema
	withDefault map[string]bool // the record's fields that have one
	nested      nestedForm
}

// ParseWriter parses a schema that wrote bodies. The error is ErrIncompatible.
func ParseWriter(schema string) (*Writer, error) {
	parsed, had, err := parseWithoutDefaults(schema)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrIncompatible, err)
	}
	return &Writer{schema: parsed, withDefault: had}, nil
}

// InBytes are the forms of rows in which an array, a map, a record or a union
// of several types stands as a union of null and bytes, and the bytes are an
// Avro body of the field's own type, its null included. The writer's schema may
// have such a field in full, or as the bytes that it is in the row.
//
// In the first form null comes first in the row's union. Where a field that the
// schema has in full is a union with null last, there is a second form, in which
// null comes last in the row too.
func (w *Writer) InBytes() []*Writer {
	first, second := *w, *w
	first.nested, second.nested = nullFirst, nullAsInField
	if record, ok := w.schema.(*hamba.RecordSchema); ok && slices.ContainsFunc(record.Fields(), nullLast) {
		return []*Writer{&first, &second}
	}
	return []*Writer{&first}
}

func nullLast(f *hamba.Field) bool { return isNested(f.Type()) && nullIn(f.Type()) > 0 }
