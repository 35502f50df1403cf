package readers

import (
	"strconv"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// The table's own columns.
const (
	ownEpoch     = feature.EpochColumn
	ownPartition = feature.PartitionColumn
	ownOffset    = feature.OffsetColumn
	ownTime      = feature.TimeColumn
	ownDeleted   = feature.DeletedColumn
	ownOnly      = feature.OnlyColumn
)

// own are their types.
var own = []typed{{ownEpoch, "int"}, {ownPartition, "int"}, {ownOffset, "long"}, {ownTime, "timestamptz"}, {ownDeleted, "boolean"}, {ownOnly, "boolean"}}

// typed is a column and its Iceberg type, as a script is told of it.
type typed [2]any

// columnsOf are all columns of a group's table.
func columnsOf(s *feature.Schema) []typed {
	var columns []typed
	for _, f := range s.Fields {
		columns = append(columns, typed{f.Name, typeOf(f)})
	}
	return append(columns, own...)
}

// spellRow is a row as the table has it.
func spellRow(s *feature.Schema, row feature.Stored) map[string]any {
	v := row.Version
	out := map[string]any{
		ownEpoch:     strconv.Itoa(int(v.Epoch)),
		ownPartition: strconv.Itoa(int(v.Partition)),
		ownOffset:    strconv.FormatInt(v.Offset, 10),
		ownTime:      strconv.FormatInt(row.RecordTime*1000, 10),
		ownDeleted:   v.Delete,
	}
	if row.Only {
		out[ownOnly] = true
	} else {
		out[ownOnly] = nil
	}
	for i, f := range s.Fields {
		out[f.Name] = spell(f, row.Values[i])
	}
	return out
}
