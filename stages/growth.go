package stages

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/hamba/avro/v2"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// growth is the schema that all lanes of a node agree on while the writers of
// its records add fields. It only ever gets columns at its end, so that the
// schema of a lane that hasn't met the newest writer begins it.
//
// A row must be the same after a restart, when the group hasn't grown yet. So
// a row whose writer lacks a column has null there, never a default; and whether
// a field may be added is held against the schema as it was declared.
type growth struct {
	declared *compiled

	mu  sync.Mutex
	now *compiled
}

// errGrown says that a record's writer has columns that the lane doesn't know yet.
var errGrown = errors.New("the schema has grown")

func newGrowth(c *compiled) *growth { return &growth{declared: c, now: c} }

func (g *growth) newest() *compiled {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.now
}

// take resolves a writer's schema to the newest one, which first grows by what
// it adds. One that doesn't resolve adds nothing.
func (g *growth) take(writer string) (program, *compiled, error) {
	parsed, err := parseWriter(writer)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", errSchema, err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	next, err := g.grown(parsed, defaulted(writer))
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", errSchema, err)
	}
	p, err := newResolver(true, next.wire).row(parsed, next.reader, next.schema.Fields)
	if err != nil {
		return nil, nil, err
	}
	g.now = next
	return p, next, nil
}

// grown is the newest with the columns that a writer adds, or itself.
func (g *growth) grown(writer avro.Schema, defaults map[string]bool) (*compiled, error) {
	record, ok := writer.(*avro.RecordSchema)
	if !ok {
		return g.now, nil // which doesn't resolve
	}
	var (
		fields  []*avro.Field
		columns []feature.Field
		errs    []error
	)
	for i, j := range matchFields(record, g.declared.reader) {
		f := record.Fields()[i]
		if j >= 0 || f.Type().Type() == avro.Null {
			continue
		}
		field, column, err := g.added(f, defaults[f.Name()])
		if err != nil {
			errs = append(errs, fmt.Errorf("added field %q: %w", f.Name(), err))
		} else if g.now.schema.Index(f.Name()) < 0 {
			fields, columns = append(fields, field), append(columns, column)
		}
	}
	if len(errs) > 0 || len(fields) == 0 {
		return g.now, errors.Join(errs...)
	}
	return g.now.with(fields, columns)
}

// added is the field of the reader, and its column, that a writer's field becomes.
func (g *growth) added(f *avro.Field, hasDefault bool) (*avro.Field, feature.Field, error) {
	for _, r := range g.declared.reader.Fields() {
		if slices.Contains(r.Aliases(), f.Name()) {
			return nil, feature.Field{}, fmt.Errorf("the name is an alias of %q, and so can't be a column's", r.Name())
		}
	}
	_, column, err := newCompiler().typ(f.Type())
	if err != nil {
		return nil, column, err
	}
	if !column.Nullable && !hasDefault {
		return nil, column, errors.New("it is neither nullable nor has it a default")
	}
	column.Name, column.Nullable = f.Name(), true
	typ := f.Type()
	if u, ok := typ.(*avro.UnionSchema); ok {
		_, i := u.Indices()
		typ = u.Types()[i]
	}
	union, err := avro.NewUnionSchema([]avro.Schema{&avro.NullSchema{}, typ})
	if err != nil {
		return nil, column, err
	}
	field, err := avro.NewField(f.Name(), union, avro.WithDefault(nil))
	return field, column, err
}

// with is c with more columns.
func (c *compiled) with(fields []*avro.Field, columns []feature.Field) (*compiled, error) {
	schema, err := c.schema.WithColumns(columns...)
	if err != nil {
		return nil, err
	}
	reader, err := avro.NewRecordSchema(c.reader.Name(), c.reader.Namespace(), slices.Concat(c.reader.Fields(), fields),
		avro.WithAliases(c.reader.Aliases()))
	if err != nil {
		return nil, err
	}
	next := *c
	next.schema, next.reader = schema, reader
	next.value, next.second, next.key.rest = slices.Clone(c.value), slices.Clone(c.second), slices.Clone(c.key.rest)
	for i, f := range columns {
		to := len(c.schema.Fields) + i
		null := op{name: f.Name, column: to, code: opNull}
		next.value = append(next.value, null)
		if c.second != nil {
			next.second = append(next.second, null)
		}
		next.key.rest = append(next.key.rest, to)
	}
	return &next, nil
}

// defaulted are the fields of a record schema that have a default, whatever it
// is: parseWriter leaves them out.
func defaulted(schema string) map[string]bool {
	var record struct {
		Fields []map[string]json.RawMessage `json:"fields"`
	}
	if json.Unmarshal([]byte(schema), &record) != nil {
		return nil
	}
	names := map[string]bool{}
	for _, f := range record.Fields {
		var name string
		if _, ok := f["default"]; ok && json.Unmarshal(f["name"], &name) == nil {
			names[name] = true
		}
	}
	return names
}
