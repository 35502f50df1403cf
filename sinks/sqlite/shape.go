package sqlite

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// expires is when a row's life is over, in milliseconds since 1970, or NULL.
const expires = "tandem_expires"

// added are the columns of the table beside the features, in this order.
var added = []string{
	feature.EpochColumn, feature.PartitionColumn, feature.OffsetColumn, feature.TimeColumn, feature.OnlyColumn,
	feature.DeletedColumn, expires,
}

// shown of the added columns are in the view.
const shown = 5

// optional of the added columns may be null.
var optional = []string{feature.TimeColumn, feature.OnlyColumn, expires}

// shared is how many of the added columns all rows of a batch have in common:
// a statement is given them once.
const shared = 2

func rowsTable(s *feature.Schema) string { return s.Group.Table() + "_rows" }

// createTable is the table's definition. SQLite keeps it word for word, with
// the Avro types in comments: a table whose definition reads otherwise has
// another shape. The order is part of it, as it decided which rows are there.
// The table has rowids: rows of twenty columns are too wide to be clustered by
// their key, which took twice the time.
func createTable(s *feature.Schema) string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE %s ( /* by %v */", quote(rowsTable(s)), s.Group.Order)
	for i, f := range s.Fields {
		null := ""
		if s.IsKey(i) {
			null = " NOT NULL"
		}
		if i == s.Time() {
			null += " /* event time */"
		}
		fmt.Fprintf(&b, "\n\t%s %s%s, /* %v */", quote(f.Name), affinity(f), null, f)
	}
	for _, name := range added {
		null := " NOT NULL"
		if slices.Contains(optional, name) {
			null = ""
		}
		fmt.Fprintf(&b, "\n\t%s INTEGER%s,", quote(name), null)
	}
	fmt.Fprintf(&b, "\n\tPRIMARY KEY (%s)\n)", quoteAll(s.Group.PrimaryKey))
	return b.String()
}

// createIndex finds the rows past their life. A table that never had a TTL goes
// without: though empty, the index took 2 to 5 % of each upsert.
func createIndex(s *feature.Schema) string {
	return fmt.Sprintf("CREATE INDEX IF NOT EXISTS %s ON %s (%s) WHERE %[3]s IS NOT NULL",
		quote(rowsTable(s)+"_expires"), quote(rowsTable(s)), quote(expires))
}

// createView is what readers see.
func createView(s *feature.Schema, columns []string) string {
	return fmt.Sprintf("CREATE VIEW %s AS SELECT %s FROM %s WHERE %s = 0 AND (%s IS NULL OR %[5]s > unixepoch('subsec') * 1000)",
		quote(s.Group.Table()), quoteAll(slices.Concat(columns, added[:shown])), quote(rowsTable(s)), quote(feature.DeletedColumn), quote(expires))
}

// upsert writes n rows; each is kept only if the order puts it above the row of
// its key that is there, deletes among them. The table's other columns become null.
func upsert(s *feature.Schema, others []string, n int) string {
	names := slices.Concat(added[:shared], columnNames(s, added[shared:]))
	values := "(?1,?2" + strings.Repeat(",?", len(names)-shared) + ")"
	var set []string
	for _, name := range names {
		if !slices.Contains(s.Group.PrimaryKey, name) {
			set = append(set, fmt.Sprintf("%s=excluded.%[1]s", quote(name)))
		}
	}
	for _, name := range others {
		set = append(set, quote(name)+"=NULL")
	}
	return fmt.Sprintf("INSERT INTO %s AS old (%s) VALUES %s ON CONFLICT (%s) DO UPDATE SET %s WHERE (%s) > (%s)",
		quote(rowsTable(s)), quoteAll(names), strings.Repeat(values+",", n-1)+values,
		quoteAll(s.Group.PrimaryKey), strings.Join(set, ","), orderOf(s, "excluded"), orderOf(s, "old"))
}

// orderOf is feature.Order.Compare as a row value. The event-time column of a
// delete holds the time that it is ordered by.
func orderOf(s *feature.Schema, of string) string {
	columns := []string{feature.EpochColumn, feature.OffsetColumn, feature.PartitionColumn}
	if s.Group.Order == feature.ByEventTime {
		columns = append([]string{s.Group.EventTime, feature.DeletedColumn}, columns...)
	}
	for i, c := range columns {
		columns[i] = of + "." + quote(c)
	}
	return strings.Join(columns, ",")
}

// purge deletes the rows whose life is over.
func purge(s *feature.Schema) string {
	return fmt.Sprintf("DELETE FROM %s WHERE %s <= unixepoch('subsec') * 1000", quote(rowsTable(s)), quote(expires))
}

func affinity(f feature.Field) string {
	switch f.Kind {
	case feature.Bool, feature.Int32, feature.Int64:
		return "INTEGER"
	case feature.Float32, feature.Float64:
		return "REAL"
	case feature.Bytes:
		if f.Logical != feature.Decimal && f.Logical != feature.UUID {
			return "BLOB"
		}
	}
	return "TEXT"
}

func columnNames(s *feature.Schema, more []string) []string {
	names := make([]string, 0, len(s.Fields)+len(more))
	for _, f := range s.Fields {
		names = append(names, f.Name)
	}
	return append(names, more...)
}

// quote needs no escapes: names are letters, digits and underscores.
func quote(name string) string { return `"` + name + `"` }

func quoteAll(names []string) string { return `"` + strings.Join(names, `","`) + `"` }
