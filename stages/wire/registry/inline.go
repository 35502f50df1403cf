package registry

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tandemdata/tandem/stages/wire"
)

// names are types that schemas refer to, by full name.
type names map[string]map[string]any

// define notes a schema, which must be of a type that has a name.
func (n names) define(schema string) error {
	v, err := unmarshal(schema)
	if err != nil {
		return err
	}
	typ, ok := v.(map[string]any)
	if !ok || !isNamed(typ) {
		return fmt.Errorf("a schema that has no name can't be referred to: %w", wire.ErrUnknownSchema)
	}
	full, _ := fullName(typ, "")
	n[full] = typ
	return nil
}

// inline puts each type into a schema where the schema first names it.
func (n names) inline(schema string) (string, error) {
	v, err := unmarshal(schema)
	if err != nil {
		return "", err
	}
	w := inliner{names: n, done: map[string]bool{}}
	b, err := json.Marshal(w.schema(v, ""))
	return string(b), err
}

func unmarshal(schema string) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader([]byte(schema)))
	d.UseNumber() // defaults stay as they are written
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("not a schema: %w: %w", err, wire.ErrUnknownSchema)
	}
	return v, nil
}

// inliner walks a schema as a parser does: a type is defined from where it stands.
type inliner struct {
	names
	done map[string]bool
}

// schema gives a type as it stands in a namespace.
func (w *inliner) schema(v any, space string) any {
	switch v := v.(type) {
	case string:
		return w.name(v, space)
	case []any:
		for i := range v {
			v[i] = w.schema(v[i], space)
		}
	case map[string]any:
		w.object(v, space)
	}
	return v
}

// name gives the definition of a type that is named for the first time.
func (w *inliner) name(name, space string) any {
	full := name
	if space != "" && !strings.Contains(name, ".") {
		full = space + "." + name
	}
	typ, ok := w.names[full]
	if !ok || w.done[full] {
		return name
	}
	// Here its own namespace may not be the one around it.
	short := full[strings.LastIndexByte(full, '.')+1:]
	typ["name"], typ["namespace"] = short, strings.TrimSuffix(strings.TrimSuffix(full, short), ".")
	return w.schema(typ, space)
}

func (w *inliner) object(v map[string]any, space string) {
	if isNamed(v) {
		var full string
		full, space = fullName(v, space)
		w.done[full] = true
	}
	fields, _ := v["fields"].([]any)
	for _, f := range fields {
		if f, ok := f.(map[string]any); ok {
			f["type"] = w.schema(f["type"], space)
		}
	}
	for _, part := range []string{"type", "items", "values"} {
		if inner, ok := v[part]; ok {
			v[part] = w.schema(inner, space)
		}
	}
}

func isNamed(v map[string]any) bool {
	_, ok := v["name"].(string)
	return ok
}

// fullName is a type's name with its namespace, and that namespace.
func fullName(v map[string]any, space string) (full, within string) {
	name, _ := v["name"].(string)
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		return name, name[:i]
	}
	if own, ok := v["namespace"].(string); ok {
		space = own
	}
	if space == "" {
		return name, ""
	}
	return space + "." + name, space
}
