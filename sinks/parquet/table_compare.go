package parquet

import (
	"fmt"
	"strings"

	"github.com/apache/iceberg-go"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// checkShape refuses a table that doesn't hold the group's rows as they are. The
// order of columns doesn't matter, for processes add them in any. Where the group
// grows, the table may have columns that the schema lacks, if they can be null.
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
	for _, f := range c.others {
		if f.Required || !s.Group.Evolve {
			wrong = append(wrong, "the group has no column "+f.Name)
		}
	}
	says, err := feature.ParseDescription(p[groupProperty])
	if err != nil {
		return fmt.Errorf("table %s, property %s: %w", s.Group.Table(), groupProperty, err)
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
