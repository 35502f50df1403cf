package sqlite

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// definition is what a statement that made a table says of it.
type definition struct {
	rest    string            // all but the features' columns
	names   []string          // of those, in order
	written map[string]string // by name: SQLite's type and the Avro type
}

// column matches a feature's column as defineColumn writes it, on a line of its
// own or where ALTER TABLE has put it.
var column = regexp.MustCompile(`(?:\n\t|, )"(\w+)" ([A-Z]+(?: NOT NULL)?(?: /\* event time \*/)?),? /\* (.*?) \*/`)

func define(ddl string) definition {
	d := definition{column.ReplaceAllString(ddl, ""), nil, map[string]string{}}
	for _, m := range column.FindAllStringSubmatch(ddl, -1) {
		d.names = append(d.names, m[1])
		d.written[m[1]] = m[2] + " " + m[3]
	}
	return d
}

// fit fails unless a table has the columns of a schema, and no others: but for
// those that may be null, where the group may grow.
func (d definition) fit(has string, s *feature.Schema) error {
	text := createTable(s)
	want := define(text)
	ok := d.rest == want.rest
	for name, written := range want.written {
		ok = ok && d.written[name] == written
	}
	for _, name := range d.beside(s) {
		ok = ok && s.Group.Evolve && strings.HasSuffix(d.written[name], "?")
	}
	if !ok {
		return fmt.Errorf("the table has another shape than the rows: it is %s; the rows want %s", oneLine(has), oneLine(text))
	}
	return nil
}

// beside are the columns that the schema doesn't have.
func (d definition) beside(s *feature.Schema) []string {
	var names []string
	for _, name := range d.names {
		if s.Index(name) < 0 {
			names = append(names, name)
		}
	}
	return names
}

func oneLine(ddl string) string { return strings.Join(strings.Fields(ddl), " ") }
