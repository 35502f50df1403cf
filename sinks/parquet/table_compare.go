package parquet

import (
	"fmt"
	"slices"
	"strings"

	"github.com/apache/iceberg-go"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// checkShape refuses a table that doesn't hold the group's rows as they are. The
// order of columns doesn't matter, for processes add them in any. Columns that another
// engine added are null in the group's rows. Where the group grows, it may have got more
// of its own by another process than the schema knows.
func checkShape(s *feature.Schema, have *iceberg.Schema, p iceberg.Properties) error {
	want, err := tableSchema(s)
	if err != nil {
		return err
	}
	c := compare(want, have)
	wrong := c.changed
	for _, f := range c.missing {
		wrong = append(wrong, "the table has no column "+f.Name)
	}
	says, err := feature.ParseDescription(p[groupProperty])
	if err != nil {
		return fmt.Errorf("table %s, property %s: %w", s.Group.Table(), groupProperty, err)
	}
	for _, f := range c.others {
		if _, grown := says.Features[f.Name]; f.Required || grown && !s.Group.Evolve {
			wrong = append(wrong, "the group has no column "+f.Name)
		}
	}
	if wrong = append(wrong, says.Differs(s)...); len(wrong) == 0 {
		return nil
	}
	return fmt.Errorf("table %s has another shape than the group: %s\n table: %s%v\n group: %s%v",
		s.Group.Table(), strings.Join(wrong, ", "), describe(have), says, describe(want), s.Describe())
}

// comparison is how the columns of a table differ from those that it should have.
type comparison struct {
	changed []string // in words
	missing []iceberg.NestedField
	others  []iceberg.NestedField
}

func compare(want, have *iceberg.Schema) comparison {
	var c comparison
	for _, f := range want.Fields() {
		is, ok := have.FindFieldByName(f.Name)
		switch {
		case !ok:
			c.missing = append(c.missing, f)
		case describeField(is) != describeField(f):
			c.changed = append(c.changed, fmt.Sprintf("column %s of the table is not %s", describeField(is), describeField(f)))
		}
	}
	for _, f := range have.Fields() {
		if _, ok := want.FindFieldByName(f.Name); !ok {
			c.others = append(c.others, f)
		}
	}
	return c
}

// checkIDs refuses a table of which a column has been made anew under the same name
// since files were begun: what they have would be nobody's. Begun again, they have its new id.
func checkIDs(s *feature.Schema, was, is *iceberg.Schema) error {
	for _, f := range fieldsOf(s) {
		a, _ := was.FindFieldByName(f.Name)
		b, _ := is.FindFieldByName(f.Name)
		if !sameIDs(a, b) {
			return fmt.Errorf("column %s was dropped and added again", f.Name)
		}
	}
	return nil
}

func sameIDs(a, b iceberg.NestedField) bool {
	if a.ID != b.ID {
		return false
	}
	x, ok := a.Type.(iceberg.NestedType)
	if !ok {
		return true
	}
	y, ok := b.Type.(iceberg.NestedType)
	return ok && slices.EqualFunc(x.Fields(), y.Fields(), sameIDs)
}

// describe writes a table's columns as an error message shows them.
func describe(s *iceberg.Schema) string {
	var b strings.Builder
	for _, f := range s.Fields() {
		b.WriteString(describeField(f) + ", ")
	}
	return b.String()
}

// describeField leaves out the doc, which is a comment of whoever has made it.
func describeField(f iceberg.NestedField) string {
	s := f.Name + " " + describeType(f.Type)
	if f.Required {
		s += " required"
	}
	return s
}

// describeType leaves out the ids of what is nested: the catalog gives its own.
func describeType(t iceberg.Type) string {
	nested, ok := t.(iceberg.NestedType)
	if !ok {
		return t.String()
	}
	var fields []string
	for _, f := range nested.Fields() {
		fields = append(fields, describeField(f))
	}
	return nested.Type() + "<" + strings.Join(fields, ", ") + ">"
}
