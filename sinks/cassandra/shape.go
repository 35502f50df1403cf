package cassandra

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/gocql/gocql"
)

// prepare makes sure of the table, through a session of its own: the one for the writes needs the keyspace to be there.
func (s *Sink) prepare(ctx context.Context, t *table, log *slog.Logger) error {
	c, err := s.connectSchema(log)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.checkDataCenter(ctx, s.DataCenter); err != nil {
		return err
	}
	if err := c.ensureKeyspace(ctx, s); err != nil {
		return err
	}
	return c.ensureTable(ctx, t, s.Create)
}

// checkDataCenter refuses a name that no node has: all would count as remote, and be asked all the same.
func (c *connection) checkDataCenter(ctx context.Context, want string) error {
	if want == "" {
		return nil
	}
	var names []string
	for _, from := range []string{"system.local", "system.peers"} {
		name := ""
		i := c.Query("SELECT data_center FROM " + from).WithContext(ctx).Iter()
		for i.Scan(&name) {
			names = append(names, name)
		}
		if err := i.Close(); err != nil {
			return fmt.Errorf("read the data centers: %w", err)
		}
	}
	if slices.Contains(names, want) {
		return nil
	}
	slices.Sort(names)
	return fmt.Errorf("DataCenter %q: the nodes are in %s", want, strings.Join(slices.Compact(names), ", "))
}

func (c *connection) ensureKeyspace(ctx context.Context, s *Sink) error {
	const find = "SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = ?"
	var name string
	err := c.Query(find, s.Keyspace).WithContext(ctx).Scan(&name)
	if err == nil {
		return nil
	}
	if err != gocql.ErrNotFound {
		return fmt.Errorf("look for keyspace %q: %w", s.Keyspace, err)
	}
	if !s.Create {
		return fmt.Errorf("keyspace %q does not exist; set Create, or run: %s", s.Keyspace, createKeyspace(s.Keyspace, s.Replication))
	}
	return c.define(ctx, createKeyspace(s.Keyspace, s.Replication))
}

func (c *connection) ensureTable(ctx context.Context, t *table, create bool) error {
	have, err := c.shape(ctx, t)
	if err != nil {
		return err
	}
	if have == nil && !create {
		return fmt.Errorf("table %s does not exist; set Create, or run: %s", t.qualified(t.name()), strings.Join(t.createStatements(), "; "))
	}
	if have == nil {
		if err := c.define(ctx, t.createStatements()...); err != nil {
			return err
		}
		if have, err = c.shape(ctx, t); err != nil {
			return err
		}
	}
	if want := t.shape(); !slices.Equal(have, want) {
		return fmt.Errorf("table %s has another shape:\n\tit has  %s\n\twanted  %s",
			t.qualified(t.name()), strings.Join(have, ", "), strings.Join(want, ", "))
	}
	return nil
}

// define changes the schema, one statement after the other, each once all nodes know the one before.
func (c *connection) define(ctx context.Context, statements ...string) error {
	for _, stmt := range statements {
		if err := c.Query(stmt).WithContext(ctx).Exec(); err != nil {
			return fmt.Errorf("%s: %w", stmt, err)
		}
		if err := c.AwaitSchemaAgreement(ctx); err != nil {
			return fmt.Errorf("%s: the nodes don't agree on the schema: %w", stmt, err)
		}
	}
	return nil
}

// shape is what the table must look like, in the words of system_schema.
func (t *table) shape() []string {
	var out []string
	for i, k := range t.keys() {
		out = append(out, describe(k.name, k.typ, "partition_key", i))
	}
	for _, v := range t.values() {
		out = append(out, describe(v.name, v.typ, "regular", -1))
	}
	slices.Sort(out)
	if t.layout == Packed {
		out = append(out, "type "+t.typeName()+" ("+join(t.fields(), column.String, ", ")+")")
	}
	return out
}

// shape is what the table looks like; nil where there is none.
func (c *connection) shape(ctx context.Context, t *table) ([]string, error) {
	const find = "SELECT column_name, type, kind, position FROM system_schema.columns WHERE keyspace_name = ? AND table_name = ?"
	i := c.Query(find, t.keyspace, t.name()).WithContext(ctx).Iter()
	var out []string
	var name, typ, kind string
	var position int
	for i.Scan(&name, &typ, &kind, &position) {
		out = append(out, describe(name, typ, kind, position))
	}
	if err := i.Close(); err != nil {
		return nil, fmt.Errorf("read the columns of %s: %w", t.qualified(t.name()), err)
	}
	slices.Sort(out)
	if len(out) == 0 || t.layout != Packed {
		return out, nil
	}
	fields, err := c.typeShape(ctx, t)
	return append(out, fields...), err
}

func (c *connection) typeShape(ctx context.Context, t *table) ([]string, error) {
	const find = "SELECT field_names, field_types FROM system_schema.types WHERE keyspace_name = ? AND type_name = ?"
	var names, types []string
	err := c.Query(find, t.keyspace, t.typeName()).WithContext(ctx).Scan(&names, &types)
	if err == gocql.ErrNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the type %s: %w", t.qualified(t.typeName()), err)
	}
	fields := make([]column, len(names))
	for i := range names {
		fields[i] = column{names[i], types[i]}
	}
	return []string{"type " + t.typeName() + " (" + join(fields, column.String, ", ") + ")"}, nil
}

// describe writes a column as both sides of the comparison have it. system_schema quotes a type's name only where it
// must.
func describe(name, typ, kind string, position int) string {
	out := quote(name) + " " + strings.ReplaceAll(typ, `"`, "")
	if kind != "regular" {
		out += fmt.Sprintf(" %s %d", kind, position)
	}
	return out
}
