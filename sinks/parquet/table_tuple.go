package parquet

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
	"github.com/google/uuid"
)

// tuple is a partition of the table: the spec that it is of, and its values by the
// fields' ids. The zero tuple is the one of a table without partitions.
type tuple struct {
	spec   int
	values map[int]any
	key    string // equal for equal ones
}

// tupleOf makes one of values that may come from rows or from a manifest.
func tupleOf(spec int, values map[int]any) tuple {
	t := tuple{spec: spec, values: values}
	if len(values) == 0 && spec == 0 {
		return t
	}
	var b strings.Builder
	fmt.Fprint(&b, spec)
	ids := make([]int, 0, len(values))
	for id := range values {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		fmt.Fprintf(&b, " %d=%s", id, spellValue(values[id]))
	}
	t.key = b.String()
	return t
}

// spellValue is the same for a value whichever of the library's types it has.
func spellValue(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case []byte:
		return fmt.Sprintf("%x", v)
	case uuid.UUID:
		return fmt.Sprintf("%x", v[:])
	case iceberg.Decimal:
		return fmt.Sprintf("%v/%d", v.Val.BigInt(), v.Scale)
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Int, reflect.Int32, reflect.Int64:
		return fmt.Sprint(r.Int())
	case reflect.String:
		return fmt.Sprintf("%q", r.String())
	}
	return fmt.Sprint(v)
}

// specByID is a spec that the table has or had.
func specByID(t *table.Table, id int) (iceberg.PartitionSpec, error) {
	if spec := t.Metadata().PartitionSpecByID(id); spec != nil {
		return *spec, nil
	}
	return iceberg.PartitionSpec{}, fmt.Errorf("the table has no partition spec %d", id)
}

// placed is a data file's entry with its partition.
func placed(t *table.Table, m iceberg.DataFile, in tuple) (iceberg.DataFile, error) {
	spec, err := specByID(t, in.spec)
	if err != nil {
		return nil, err
	}
	b, err := iceberg.NewDataFileBuilder(spec, iceberg.EntryContentData, m.FilePath(), m.FileFormat(), in.values, nil, nil, m.Count(), m.FileSizeBytes())
	if err != nil {
		return nil, err
	}
	return b.ColumnSizes(m.ColumnSizes()).ValueCounts(m.ValueCounts()).NullValueCounts(m.NullValueCounts()).
		NaNValueCounts(m.NaNValueCounts()).LowerBoundValues(m.LowerBoundValues()).UpperBoundValues(m.UpperBoundValues()).
		SplitOffsets(m.SplitOffsets()).Build(), nil
}
