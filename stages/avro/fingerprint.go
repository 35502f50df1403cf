package avro

import (
	"strconv"

	hamba "github.com/hamba/avro/v2"
	"github.com/hamba/avro/v2/pkg/crc64"
)

// Fingerprint is the CRC-64-AVRO of the schema's parsing canonical form. The
// parser's own keeps logical types, and so differs from that of all others.
func (w *Writer) Fingerprint() uint64 {
	h := crc64.New()
	_, _ = h.Write(canonical(nil, w.schema, map[string]bool{}))
	return h.Sum64()
}

// canonical appends the parsing canonical form. seen are the named types that
// are defined already.
//
// https://hamba.apache.org/docs/1.12.0/specification/#parsing-canonical-form-for-schemas
func canonical(b []byte, schema hamba.Schema, seen map[string]bool) []byte {
	schema = actual(schema)
	switch s := schema.(type) {
	case hamba.NamedSchema:
		if seen[s.FullName()] {
			return quoted(b, s.FullName())
		}
		seen[s.FullName()] = true
		return canonicalNamed(b, s, seen)
	case *hamba.ArraySchema:
		return append(canonical(append(b, `{"type":"array","items":`...), s.Items(), seen), '}')
	case *hamba.MapSchema:
		return append(canonical(append(b, `{"type":"map","values":`...), s.Values(), seen), '}')
	case *hamba.UnionSchema:
		b = append(b, '[')
		for i, t := range s.Types() {
			b = canonical(comma(b, i), t, seen)
		}
		return append(b, ']')
	}
	return quoted(b, string(schema.Type()))
}

func canonicalNamed(b []byte, schema hamba.NamedSchema, seen map[string]bool) []byte {
	b = quoted(append(b, `{"name":`...), schema.FullName())
	switch s := schema.(type) {
	case *hamba.RecordSchema:
		b = append(b, `,"type":"record","fields":[`...)
		for i, f := range s.Fields() {
			b = quoted(append(comma(b, i), `{"name":`...), f.Name())
			b = append(canonical(append(b, `,"type":`...), f.Type(), seen), '}')
		}
		b = append(b, ']')
	case *hamba.EnumSchema:
		b = append(b, `,"type":"enum","symbols":[`...)
		for i, symbol := range s.Symbols() {
			b = quoted(comma(b, i), symbol)
		}
		b = append(b, ']')
	case *hamba.FixedSchema:
		b = strconv.AppendInt(append(b, `,"type":"fixed","size":`...), int64(s.Size()), 10)
	}
	return append(b, '}')
}

func comma(b []byte, i int) []byte {
	if i > 0 {
		return append(b, ',')
	}
	return b
}

// quoted needs no escapes: a name is made of letters, digits and underscores.
func quoted(b []byte, name string) []byte { return append(append(append(b, '"'), name...), '"') }
