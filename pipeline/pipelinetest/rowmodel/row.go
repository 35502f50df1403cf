package rowmodel

import (
	"bytes"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Of is row i of a batch as a store must give it back.
func Of(rows *feature.Rows, store feature.Store, i int) feature.Stored {
	values := make([]any, len(rows.Columns))
	for c := range rows.Columns {
		values[c] = rows.Columns[c].Value(i)
	}
	row := feature.Stored{Version: rows.Version(i), Values: values, RecordTime: rows.Records[i].Time(), Only: rows.Only(store, i)}
	if row.Version.Delete {
		Blank(rows.Schema, row)
	}
	return row
}

// Blank leaves a delete what it keeps in a store: its key and its event time.
func Blank(s *feature.Schema, row feature.Stored) {
	for c := range s.Fields {
		switch {
		case s.IsKey(c):
		case c == s.Time() && s.Fields[c].Kind == feature.Int32:
			row.Values[c] = int32(row.Version.Time)
		case c == s.Time():
			row.Values[c] = row.Version.Time
		default:
			row.Values[c] = nil
		}
	}
}

// Same reports whether two rows are one, values to the bit.
func Same(a, b feature.Stored) bool {
	return a.Version == b.Version && a.RecordTime == b.RecordTime && a.Only == b.Only && Alike(a, b)
}

// Alike reports whether two rows say the same, wherever they were sent: the same
// operation and event time, and values equal to the bit.
func Alike(a, b feature.Stored) bool {
	return a.Version.Delete == b.Version.Delete && a.Version.Time == b.Version.Time && bytes.Equal(content(a), content(b))
}

func content(row feature.Stored) []byte {
	var b []byte
	for _, v := range row.Values {
		b = feature.AppendValue(b, v)
	}
	return b
}
