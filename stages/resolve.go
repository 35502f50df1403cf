package stages

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hamba/avro/v2"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// resolve compiles the program that reads what writer wrote into the columns of
// reader, by the rules of "Schema Resolution" in Avro's specification. Where
// the two are the same it is the program that compile gives.
//
// By those rules a branch of the writer's union or a symbol of its enum that
// the reader lacks is an error of the rows that have it, not of the schema.
func resolve(writer string, reader *avro.RecordSchema, columns []feature.Field) (program, error) {
	parsed, err := parseWriter(writer)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errSchema, err)
	}
	p, err := resolveRecord(parsed, reader, columns)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errSchema, err)
	}
	return p, nil
}

func resolveRecord(writer avro.Schema, reader *avro.RecordSchema, columns []feature.Field) (program, error) {
	record, ok := writer.(*avro.RecordSchema)
	if !ok {
		return nil, fmt.Errorf("want a record, got %s", writer.Type())
	}
	if err := sameName(record, reader); err != nil {
		return nil, err
	}
	return resolveFields(record, reader, columns)
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
	p, err := resolveRecord(parsed, k.schema, k.fields)
	if err != nil {
		return nil, fmt.Errorf("%w: record key: %w", errSchema, err)
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

func resolveFields(w, r *avro.RecordSchema, columns []feature.Field) (program, error) {
	var (
		p      program
		errs   []error
		match  = matchFields(w, r)
		filled = make([]bool, len(columns))
		known  = map[string]*skipper{}
	)
	for i, f := range w.Fields() {
		o, err := op{code: opSkip}, error(nil)
		if match[i] >= 0 {
			o, err = resolveType(f.Type(), r.Fields()[match[i]].Type())
			o.column, filled[match[i]] = match[i], true
		} else {
			o.other = &other{skip: compileSkip(f.Type(), known)}
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("field %q: %w", f.Name(), err))
		}
		o.name = f.Name()
		p = append(p, o)
	}
	for _, i := range unfilled(filled) {
		o, err := compileFill(r.Fields()[i], columns[i])
		if err != nil {
			errs = append(errs, fmt.Errorf("field %q: %w", columns[i].Name, err))
		}
		o.name, o.column = columns[i].Name, i
		p = append(p, o)
	}
	return p, errors.Join(errs...)
}

// matchFields gives for each of the writer's fields the reader's, or -1. An
// alias counts only between fields that no name has matched.
func matchFields(w, r *avro.RecordSchema) []int {
	match, taken := make([]int, len(w.Fields())), make([]bool, len(r.Fields()))
	index := map[string]int{}
	for i, f := range w.Fields() {
		match[i], index[f.Name()] = -1, i
	}
	for j, f := range r.Fields() {
		if i, ok := index[f.Name()]; ok {
			match[i], taken[j] = j, true
		}
	}
	for j, f := range r.Fields() {
		for _, alias := range f.Aliases() {
			if i, ok := index[alias]; ok && !taken[j] && match[i] < 0 {
				match[i], taken[j] = j, true
			}
		}
	}
	return match
}
