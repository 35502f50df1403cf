package stages

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/stages/avro"
	"github.com/tandemdata/tandem/stages/wire"
)

// keyReader makes a row of a record's key: what a null value deletes.
type keyReader struct {
	schema  *avro.Key     // nil: the key is the bytes of column raw
	program *avro.Program // of keys that schema wrote
	raw     int           // -1: the key says nothing
	rest    []int         // columns that stay null
}

func compileKey(s *feature.Schema, schema string) (keyReader, error) {
	if schema == "" {
		return rawKey(s), nil
	}
	key, err := avro.ParseKey(s, schema)
	if err != nil {
		return keyReader{}, err
	}
	return keyReader{schema: key, program: key.Program(), raw: -1, rest: others(s, key.Columns())}, nil
}

// rawKey reads a key as it is, where the primary key is one string or bytes column.
func rawKey(s *feature.Schema) keyReader {
	k := s.Keys()[0]
	f := s.Fields[k]
	if len(s.Keys()) > 1 || f.Size > 0 || f.Kind != feature.String && f.Kind != feature.Bytes {
		return keyReader{raw: -1}
	}
	return keyReader{raw: k, rest: others(s, []int{k})}
}

// others are the columns that a key doesn't fill.
func others(s *feature.Schema, filled []int) []int {
	var rest []int
	for i := range s.Fields {
		if !slices.Contains(filled, i) {
			rest = append(rest, i)
		}
	}
	return rest
}

// grown is k for a schema that got columns at its end.
func (k keyReader) grown(from, to int) keyReader {
	k.rest = slices.Clone(k.rest)
	for i := from; i < to; i++ {
		k.rest = append(k.rest, i)
	}
	return k
}

// resolve compiles the program for keys that another schema wrote.
func (k *keyReader) resolve(_ uint64, schema string) (*avro.Program, error) {
	w, err := avro.ParseWriter(schema)
	if err != nil {
		return nil, err
	}
	return k.schema.Resolve(w)
}

// read appends the row of a key that p reads, or that is raw.
func (k *keyReader) read(r *avro.Reader, p *avro.Program, key []byte, columns []feature.Column) error {
	switch {
	case key == nil || p == nil && k.raw < 0:
		return wire.ErrNoKey
	case p != nil:
		if err := r.Append(columns, p, key); err != nil {
			return fmt.Errorf("record key: %w", err)
		}
	default:
		to := &columns[k.raw]
		if to.Field.Kind == feature.String && !utf8.Valid(key) {
			return fmt.Errorf("record key: %w", avro.ErrUTF8)
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
