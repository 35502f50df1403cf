package stages

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/hamba/avro/v2"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// resolver resolves one writer's schema.
type resolver struct {
	columns bool                // a group grows by whole columns: no field of a nested record may be left out
	wire    *wire               // nil: rows are as their schemas say
	known   map[string]*skipper // of types that no column takes
	left    int                 // of maxTypes
}

func newResolver(columns bool, w *wire) *resolver {
	return &resolver{columns: columns, wire: w, known: map[string]*skipper{}, left: maxTypes}
}

// resolve compiles the program that reads what writer wrote into the columns of
// reader, by the rules of "Schema Resolution" in Avro's specification. Where
// the two are the same it is the program that compile gives.
//
// By those rules a branch of the writer's union or a symbol of its enum that
// the reader lacks is an error of the rows that have it, not of the schema.
func resolve(writer string, reader *avro.RecordSchema, columns []feature.Field, w *wire) (program, error) {
	parsed, err := parseWriter(writer)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errSchema, err)
	}
	return newResolver(false, w).row(parsed, reader, columns)
}

// row resolves a whole record's schema.
func (rs *resolver) row(writer avro.Schema, reader *avro.RecordSchema, columns []feature.Field) (program, error) {
	record, ok := writer.(*avro.RecordSchema)
	if !ok {
		return nil, fmt.Errorf("%w: want a record, got %s", errSchema, writer.Type())
	}
	if err := sameName(record, reader); err != nil {
		return nil, fmt.Errorf("%w: %w", errSchema, err)
	}
	fields := rs.fields
	if rs.wire != nil {
		fields = rs.inBytes
	}
	p, err := fields(record, reader, columns, 0)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errSchema, err)
	}
	return p, nil
}

// resolve does it for what wrote a record's key, which may be of one primitive.
func (k *keyReader) resolve(writer string) (program, error) {
	parsed, err := parseWriter(writer)
	if _, ok := parsed.(*avro.RecordSchema); err == nil && !ok && len(k.fields) == 1 {
		parsed, err = recordOf(k.fields[0].Name, parsed)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: record key: %w", errSchema, err)
	}
	p, err := newResolver(false, nil).row(parsed, k.schema, k.fields)
	if err != nil {
		return nil, fmt.Errorf("record key: %w", err)
	}
	for i := range p {
		p[i].column = k.to[p[i].column]
	}
	return p, nil
}

// parseWriter parses a schema without the defaults of its fields. They mean
// nothing to whoever reads, and registries hold many that are wrong.
func parseWriter(schema string) (avro.Schema, error) {
	var v any
	d := json.NewDecoder(strings.NewReader(schema))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return parse(schema)
	}
	dropDefaults(v)
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return parse(b.String())
}

func dropDefaults(v any) {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			dropDefaults(x)
		}
	case map[string]any:
		fields, _ := v["fields"].([]any)
		for _, f := range fields {
			if f, ok := f.(map[string]any); ok {
				delete(f, "default")
			}
		}
		for _, x := range v {
			dropDefaults(x)
		}
	}
}

// sameName compares names without their namespaces, and the reader's aliases.
func sameName(w, r avro.NamedSchema) error {
	same := w.Name() == r.Name() || slices.ContainsFunc(r.Aliases(), func(alias string) bool {
		return alias[strings.LastIndexByte(alias, '.')+1:] == w.Name()
	})
	if !same {
		return fmt.Errorf("the writer's %s %s is neither the name nor an alias of the reader's %s", w.Type(), w.FullName(), r.FullName())
	}
	return nil
}
