package parquet

import (
	"testing"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/parquet/internal/column"
)

// A column that the group at hand lacks is read and written by a field that is
// made of Iceberg's type: it must lie in files as the one it was made of.
func TestAFieldThatIsMadeOfAColumnHasItsType(t *testing.T) {
	schema := rowgen.EveryType(feature.ByEventTime, nil)
	have, err := tableSchema(schema)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range have.Fields() {
		f, err := fieldOf(n)
		if err != nil {
			t.Errorf("%s: %v", n.Name, err)
			continue
		}
		again, err := column.Type(f, new(int))
		if err != nil || describeType(again) != describeType(n.Type) || f.Nullable == n.Required {
			t.Errorf("%s is %v, and was %v: %v", n.Name, again, n.Type, err)
		}
	}
}
