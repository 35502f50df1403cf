package cassandra

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Names of the columns that stand beside the features. Those of a packed row are fields of its type.
const (
	rowColumn  = "tandem_row"
	orderField = "tandem_order"
)

// column is a name and a CQL type.
type column struct{ name, typ string }

func (c column) String() string { return quote(c.name) + " " + c.typ }

// ownColumns say where in the log a row came from, so that its order can always be checked again, when it was sent, and
// whether it was meant for this store only.
var ownColumns = []column{
	{feature.EpochColumn, "int"},
	{feature.PartitionColumn, "int"},
	{feature.OffsetColumn, "bigint"},
	{feature.TimeColumn, "timestamp"},
	{feature.OnlyColumn, "boolean"},
}

// table is the CQL of one group: every statement that the sink sends about it.
type table struct {
	keyspace string
	layout   Layout
	schema   *feature.Schema
	slots    []slot
}

// slot is the place of a column that isn't a key: the schema's own, in the order in which they are bound.
type slot struct {
	column
	field int // in the schema; -1 of a column that others gave the table, and that is null here
}

func newTable(keyspace string, l Layout, s *feature.Schema) *table {
	t := &table{keyspace: keyspace, layout: l, schema: s}
	for i := range s.Fields {
		if !s.IsKey(i) {
			t.slots = append(t.slots, slot{t.column(i), i})
		}
	}
	return t
}

func (t *table) name() string     { return t.schema.Group.Table() }
func (t *table) typeName() string { return t.name() + "_row" }

// quote keeps a name's case. Names are checked by feature.CheckName; a quote is doubled all the same.
func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func (t *table) qualified(name string) string { return quote(t.keyspace) + "." + quote(name) }

// keys are the primary key's columns. All of them are the partition key: rows of one entity alone share a partition.
func (t *table) keys() []column {
	var out []column
	for _, i := range t.schema.Keys() {
		out = append(out, t.column(i))
	}
	return out
}

func (t *table) column(i int) column {
	f := t.schema.Fields[i]
	return column{f.Name, t.cqlType(f, f.Name)}
}

// features are the columns that aren't keys.
func (t *table) features() []column {
	out := make([]column, len(t.slots))
	for i, s := range t.slots {
		out[i] = s.column
	}
	return out
}

// values are the columns beside the keys, in the order in which they are bound.
func (t *table) values() []column {
	if t.layout == Packed {
		return []column{{rowColumn, "frozen<" + quote(t.typeName()) + ">"}}
	}
	return slices.Concat(t.own(), t.features())
}

// own stand before the features. The order comes first: bytes of a packed row are compared from the front.
func (t *table) own() []column {
	if t.layout == Packed {
		return slices.Concat([]column{{orderField, "blob"}}, ownColumns)
	}
	return ownColumns
}

// fields are those of a packed row's type.
func (t *table) fields() []column { return slices.Concat(t.own(), t.features()) }

// createStatements make what the table is made of.
func (t *table) createStatements() []string {
	create := fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s (%s, PRIMARY KEY ((%s))) WITH comment = %s", t.qualified(t.name()),
		join(slices.Concat(t.keys(), t.values()), column.String, ", "), join(t.keys(), quoted, ", "), literal(t.schema.Describe().String()))
	var out []string
	for _, u := range t.userTypes() {
		out = append(out, t.createType(u))
	}
	return append(out, create)
}

// userTypes are all types that the table is made of, each after those that it is made of.
func (t *table) userTypes() []userType {
	var out []userType
	for _, f := range t.schema.Fields {
		out = append(out, t.structTypes(f, f.Name)...)
	}
	if t.layout == Packed {
		out = append(out, userType{t.typeName(), t.fields()})
	}
	return out
}

func (t *table) createType(u userType) string {
	return fmt.Sprintf("CREATE TYPE IF NOT EXISTS %s (%s)", t.qualified(u.name), join(u.fields, column.String, ", "))
}

// addStatements give the table a column that it lacks.
func (t *table) addStatements(s slot) []string {
	var out []string
	for _, u := range t.structTypes(t.schema.Fields[s.field], s.name) {
		out = append(out, t.createType(u))
	}
	if t.layout == Packed {
		return append(out, fmt.Sprintf("ALTER TYPE %s ADD %v", t.qualified(t.typeName()), s.column))
	}
	return append(out, fmt.Sprintf("ALTER TABLE %s ADD %v", t.qualified(t.name()), s.column))
}

// comment says of the table what a feature.Description has.
func (t *table) comment(d feature.Description) string {
	return fmt.Sprintf("ALTER TABLE %s WITH comment = %s", t.qualified(t.name()), literal(d.String()))
}

// upsert binds timestamp, TTL, values and keys. It is an UPDATE: an INSERT would leave a row marker besides, with a
// timestamp and an expiry of its own, which can outlive the cells. Where a packed row's type can get fields, the text
// counts them: a node that has prepared the same text before would go on with the type of then for a moment.
func (t *table) upsert() string {
	stmt := fmt.Sprintf("UPDATE %s USING TIMESTAMP ? AND TTL ? SET %s WHERE %s",
		t.qualified(t.name()), join(t.values(), bound, ", "), join(t.keys(), bound, " AND "))
	if t.layout == Packed && t.schema.Group.Evolve {
		stmt += fmt.Sprintf(" /* %d features */", len(t.slots))
	}
	return stmt
}

// remove binds timestamp and keys.
func (t *table) remove() string {
	return fmt.Sprintf("DELETE FROM %s USING TIMESTAMP ? WHERE %s", t.qualified(t.name()), join(t.keys(), bound, " AND "))
}

// scan reads keys and values of all rows, and of plain ones when onlyColumn and the rest were written.
func (t *table) scan() string {
	what := join(slices.Concat(t.keys(), t.values()), quoted, ", ")
	if t.layout == Plain {
		what += fmt.Sprintf(", WRITETIME(%s), WRITETIME(%s)", quote(feature.OnlyColumn), quote(feature.OffsetColumn))
	}
	return fmt.Sprintf("SELECT %s FROM %s", what, t.qualified(t.name()))
}

// probe is an error where a node doesn't know all columns. A packed row's last field is there after all others.
func (t *table) probe() string {
	what := join(t.values(), quoted, ", ")
	if t.layout == Packed {
		fields := t.fields()
		what = quote(rowColumn) + "." + quoted(fields[len(fields)-1])
	}
	return fmt.Sprintf("SELECT %s FROM %s LIMIT 1", what, t.qualified(t.name()))
}

func quoted(c column) string { return quote(c.name) }
func bound(c column) string  { return quote(c.name) + " = ?" }

func join(cs []column, text func(column) string, sep string) string {
	out := make([]string, len(cs))
	for i, c := range cs {
		out[i] = text(c)
	}
	return strings.Join(out, sep)
}

// createKeyspace is the statement that makes a keyspace.
func createKeyspace(name string, replication map[string]string) string {
	if replication == nil {
		replication = map[string]string{"class": "SimpleStrategy", "replication_factor": "1"}
	}
	var options []string
	for _, k := range slices.Sorted(maps.Keys(replication)) {
		options = append(options, literal(k)+": "+literal(replication[k]))
	}
	return fmt.Sprintf("CREATE KEYSPACE IF NOT EXISTS %s WITH replication = {%s}", quote(name), strings.Join(options, ", "))
}

func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
