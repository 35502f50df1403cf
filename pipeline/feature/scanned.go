package feature

// Scanned is some rows as a store gives them back, column by column: what Stored
// is for one row.
type Scanned struct {
	Columns     []Column // by Schema.Fields
	Versions    []Version
	RecordTimes []int64
	Only        []bool
}

// NewScanned has no rows yet.
func NewScanned(s *Schema) *Scanned {
	out := &Scanned{Columns: make([]Column, len(s.Fields))}
	for i, f := range s.Fields {
		f.Nullable = true // a delete has nulls
		out.Columns[i] = NewColumn(f)
	}
	return out
}

// Len is the number of rows.
func (s *Scanned) Len() int { return len(s.Versions) }

// Clear leaves no rows, and keeps the memory.
func (s *Scanned) Clear() {
	for i := range s.Columns {
		s.Columns[i].Truncate(0)
	}
	s.Versions, s.RecordTimes, s.Only = s.Versions[:0], s.RecordTimes[:0], s.Only[:0]
}

// Add appends a row. After an error, which names a value that a column can't
// hold, the rows are as they were.
func (s *Scanned) Add(row Stored) error {
	n := s.Len()
	for i := range s.Columns {
		if err := s.Columns[i].Append(row.Values[i]); err != nil {
			for k := range i {
				s.Columns[k].Truncate(n)
			}
			return err
		}
	}
	s.Versions = append(s.Versions, row.Version)
	s.RecordTimes = append(s.RecordTimes, row.RecordTime)
	s.Only = append(s.Only, row.Only)
	return nil
}

// Row is row i by itself.
func (s *Scanned) Row(i int) Stored {
	row := Stored{Version: s.Versions[i], RecordTime: s.RecordTimes[i], Only: s.Only[i], Values: make([]any, len(s.Columns))}
	for c := range s.Columns {
		row.Values[c] = s.Columns[c].Value(i)
	}
	return row
}
