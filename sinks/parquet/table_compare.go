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
	if is, should := describeIdentity(p), describeIdentity(identityOf(s.Group)); is != should {
		wrong = append(wrong, fmt.Sprintf("%s is not %s", is, should))
	}
	if len(wrong) == 0 {
		return nil
	}
	return fmt.Errorf("table %s has another shape than the group: %s\n table: %s\n group: %s",
		s.Group.Table(), strings.Join(wrong, ", "), describe(have, p), describe(want, identityOf(s.Group)))
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

// describe writes a table's shape as an error message shows it.
func describe(s *iceberg.Schema, p iceberg.Properties) string {
	var b strings.Builder
	for _, f := range s.Fields() {
		b.WriteString(describeField(f) + ", ")
	}
	return b.String() + describeIdentity(p)
}

func describeIdentity(p iceberg.Properties) string {
	return fmt.Sprintf("key (%s), time (%s), order by %s", p[keyProperty], p[timeProperty], p[orderProperty])
}

func describeField(f iceberg.NestedField) string {
	s := f.Name + " " + describeType(f.Type)
	if f.Required {
		s += " required"
	}
	if f.Doc != "" && f.Doc != f.Type.String() {
		s += " (" + f.Doc + ")"
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
