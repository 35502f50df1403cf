package avro

import (
	"bytes"
	"encoding/json"
	"strings"

	hamba "github.com/hamba/avro/v2"
)

// parse reads a schema on its own. The parser's default is a cache of the whole
// process, in which one schema's names could be used in another.
func parse(schema string) (hamba.Schema, error) {
	return hamba.ParseWithCache(schema, "", &hamba.SchemaCache{})
}

// actual is what a reference refers to.
func actual(schema hamba.Schema) hamba.Schema {
	if ref, ok := schema.(*hamba.RefSchema); ok {
		return ref.Schema()
	}
	return schema
}

// parseWithoutDefaults reads a schema without the defaults of its fields, and
// says which fields of the record had one. The parser refuses a wrong default;
// a writer's mean nothing to whoever reads, and registries hold many wrong ones.
func parseWithoutDefaults(schema string) (hamba.Schema, map[string]bool, error) {
	var v any
	d := json.NewDecoder(strings.NewReader(schema))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		parsed, err := parse(schema)
		return parsed, nil, err
	}
	had := withDefault(v)
	dropDefaults(v)
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, nil, err
	}
	parsed, err := parse(b.String())
	return parsed, had, err
}

// withDefault are the names of a record's fields that have a default.
func withDefault(v any) map[string]bool {
	names := map[string]bool{}
	for _, f := range fieldsIn(v) {
		if name, ok := f["name"].(string); ok {
			if _, has := f["default"]; has {
				names[name] = true
			}
		}
	}
	return names
}

func dropDefaults(v any) {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			dropDefaults(x)
		}
	case map[string]any:
		for _, f := range fieldsIn(v) {
			delete(f, "default")
		}
		for _, x := range v {
			dropDefaults(x)
		}
	}
}

func fieldsIn(v any) []map[string]any {
	record, _ := v.(map[string]any)
	list, _ := record["fields"].([]any)
	var fields []map[string]any
	for _, f := range list {
		if f, ok := f.(map[string]any); ok {
			fields = append(fields, f)
		}
	}
	return fields
}
