package stages

import (
	"fmt"
	"unicode/utf8"

	"github.com/hamba/avro/v2"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// keyReader makes a row of a record's key: what a null value deletes.
type keyReader struct {
	avro program // nil: the key is the bytes of column raw
	raw  int     // -1: the key tells nothing
	rest []int   // columns that stay null

	schema *avro.RecordSchema // of avro
	fields []feature.Field
	to     []int // the columns of fields
}

func compileKey(s *feature.Schema, schema string) (keyReader, error) {
	if schema == "" {
		return rawKey(s), nil
	}
	record, err := parseKeySchema(s, schema)
	if err != nil {
		return keyReader{}, err
	}
	p, fields, err := compile(record)
	if err != nil {
		return keyReader{}, err
	}
	to := make([]int, len(fields))
	filled := make([]bool, len(s.Fields))
	for i, f := range fields {
		column := s.Index(f.Name)
		if column < 0 || !s.IsKey(column) && column != s.Time() {
			return keyReader{}, fmt.Errorf("field %q is neither of the primary key nor the event time", f.Name)
		}
		want := s.Fields[column]
		if f.Nullable = want.Nullable; !f.Equal(want) {
			return keyReader{}, fmt.Errorf("field %v: the value has %v", f, want)
		}
		p[i].column, to[i], filled[column] = column, column, true
	}
	for _, k := range s.Keys() {
		if !filled[k] {
			return keyReader{}, fmt.Errorf("primary-key column %q is missing", s.Fields[k].Name)
		}
	}
	return keyReader{avro: p, raw: -1, rest: unfilled(filled), schema: record, fields: fields, to: to}, nil
}

// parseKeySchema takes another type as a record of the one key column.
func parseKeySchema(s *feature.Schema, schema string) (*avro.RecordSchema, error) {
	parsed, err := parse(schema)
	if err != nil {
		return nil, err
	}
	if record, ok := parsed.(*avro.RecordSchema); ok {
		return record, nil
	}
	if len(s.Keys()) != 1 {
		return nil, fmt.Errorf("a %s can't hold the %d columns of the primary key", parsed.Type(), len(s.Keys()))
	}
	return recordOf(s.Fields[s.Keys()[0]].Name, parsed)
}

// recordOf is a record of one field, whose bytes are those of the field.
func recordOf(field string, schema avro.Schema) (*avro.RecordSchema, error) {
	f, err := avro.NewField(field, schema)
	if err != nil {
		return nil, err
	}
	return avro.NewRecordSchema("Key", "", []*avro.Field{f})
}

func rawKey(s *feature.Schema) keyReader {
	filled := make([]bool, len(s.Fields))
	k := s.Keys()[0]
	f := s.Fields[k]
	if len(s.Keys()) > 1 || f.Size > 0 || f.Kind != feature.String && f.Kind != feature.Bytes {
		return keyReader{raw: -1}
	}
	filled[k] = true
	return keyReader{raw: k, rest: unfilled(filled)}
}

func unfilled(filled []bool) []int {
	var rest []int
	for i, f := range filled {
		if !f {
			rest = append(rest, i)
		}
	}
	return rest
}

// read appends a row that has its key and nothing else.
func (k *keyReader) read(c *cursor, key []byte, columns []feature.Column) error {
	switch {
	case key == nil || k.avro == nil && k.raw < 0:
		return errNoKey
	case k.avro != nil:
		if err := k.avro.run(c, key, columns); err != nil {
			return fmt.Errorf("record key: %w", err)
		}
	default:
		to := &columns[k.raw]
		if to.Field.Kind == feature.String && !utf8.Valid(key) {
			return fmt.Errorf("record key: %w", errUTF8)
		}
		to.Bytes = append(to.Bytes, key...)
		to.Offsets = append(to.Offsets, uint32(len(to.Bytes)))
		to.MarkValid()
	}
	for _, i := range k.rest {
		columns[i].AppendNull()
	}
	return nil
}
