package cassandra

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// shape is what a table looks like, in the words of system_schema.
type shape struct {
	fixed []string   // the columns that no table gets later: keys, and a packed row
	grows []column   // what it gets more of: other columns, by name, or the fields of a packed row's type, in order
	types []userType // of structs, by name
	row   string     // name of a packed row's type; empty of Plain
	says  string     // its comment: a feature.Description
}

func (s shape) lines() []string {
	out := slices.Clone(s.fixed)
	if s.row != "" {
		out = append(out, userType{s.row, s.grows}.String())
	} else {
		for _, c := range s.grows {
			out = append(out, c.String())
		}
	}
	for _, u := range s.types {
		out = append(out, u.String())
	}
	return out
}

func (s shape) exists() bool { return len(s.fixed) > 0 }

// lack says what is wrong with a table that isn't what its rows need, but could become it.
func (s shape) lack() string {
	if s.exists() {
		return "lacks columns"
	}
	return "does not exist"
}

// shape is what the table must look like.
func (t *table) shape() shape {
	out := shape{says: t.schema.Describe().String()}
	for i, k := range t.keys() {
		out.fixed = append(out.fixed, fixedColumn(bare(k), "partition_key", i))
	}
	if t.layout == Packed {
		out.row = t.typeName()
		out.fixed = append(out.fixed, fixedColumn(bare(t.values()[0]), "regular", -1))
		out.grows = each(t.fields(), bare)
	} else {
		out.grows = each(t.values(), bare)
	}
	for _, u := range t.userTypes() {
		if u.name != out.row {
			out.types = append(out.types, userType{u.name, each(u.fields, bare)})
		}
	}
	out.sort()
	return out
}

func (s *shape) sort() {
	slices.Sort(s.fixed)
	slices.SortFunc(s.types, func(a, b userType) int { return strings.Compare(a.name, b.name) })
	if s.row == "" {
		slices.SortFunc(s.grows, func(a, b column) int { return strings.Compare(a.name, b.name) })
	}
}

// shape is what the table looks like, as far as it is the schema's: types of structs in other columns don't count.
func (c *connection) shape(ctx context.Context, t *table) (shape, error) {
	out, err := c.columns(ctx, t)
	if err != nil || !out.exists() {
		return out, err
	}
	want := map[string]bool{}
	for _, u := range t.userTypes() {
		want[u.name] = true
	}
	types, err := c.types(ctx, t)
	for _, u := range types {
		switch {
		case u.name == out.row:
			out.grows = u.fields
		case want[u.name]:
			out.types = append(out.types, u)
		}
	}
	out.sort()
	if err != nil {
		return out, err
	}
	const find = "SELECT comment FROM system_schema.tables WHERE keyspace_name = ? AND table_name = ?"
	if err := c.Query(find, t.keyspace, t.name()).WithContext(ctx).Scan(&out.says); err != nil {
		return out, fmt.Errorf("read the comment of %s: %w", t.qualified(t.name()), err)
	}
	return out, nil
}

func (c *connection) columns(ctx context.Context, t *table) (shape, error) {
	const find = "SELECT column_name, type, kind, position FROM system_schema.columns WHERE keyspace_name = ? AND table_name = ?"
	i := c.Query(find, t.keyspace, t.name()).WithContext(ctx).Iter()
	var out shape
	if t.layout == Packed {
		out.row = t.typeName()
	}
	var name, typ, kind string
	var position int
	for i.Scan(&name, &typ, &kind, &position) {
		col := bare(column{name, typ})
		if kind == "regular" && t.layout == Plain {
			out.grows = append(out.grows, col)
			continue
		}
		out.fixed = append(out.fixed, fixedColumn(col, kind, position))
	}
	if err := i.Close(); err != nil {
		return shape{}, fmt.Errorf("read the columns of %s: %w", t.qualified(t.name()), err)
	}
	return out, nil
}

// types are all user-defined types of the keyspace.
func (c *connection) types(ctx context.Context, t *table) ([]userType, error) {
	const find = "SELECT type_name, field_names, field_types FROM system_schema.types WHERE keyspace_name = ?"
	i := c.Query(find, t.keyspace).WithContext(ctx).Iter()
	var out []userType
	var name string
	var names, types []string
	for i.Scan(&name, &names, &types) {
		u := userType{name: name}
		for k := range names {
			u.fields = append(u.fields, bare(column{names[k], types[k]}))
		}
		out = append(out, u)
	}
	if err := i.Close(); err != nil {
		return nil, fmt.Errorf("read the types of keyspace %q: %w", t.keyspace, err)
	}
	return out, nil
}

// bare writes a type as both sides of the comparison have it: system_schema quotes the name of a user-defined one only
// where it must.
func bare(c column) column { return column{c.name, strings.ReplaceAll(c.typ, `"`, "")} }

func each(cs []column, f func(column) column) []column {
	out := make([]column, len(cs))
	for i, c := range cs {
		out[i] = f(c)
	}
	return out
}

func fixedColumn(c column, kind string, position int) string {
	if kind == "regular" {
		return c.String()
	}
	return fmt.Sprintf("%v %s %d", c, kind, position)
}
