package sinktest

import (
	"math"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// model replays the rows sent into a plain map: what the store must hold.
type model struct {
	schema *feature.Schema
	store  feature.Store
	kept   map[string]feature.Stored   // the greatest row of each identity, deletes too
	sent   map[string][]feature.Stored // every row of each identity
}

func newModel(s *feature.Schema, store feature.Store) *model {
	return &model{s, store, map[string]feature.Stored{}, map[string][]feature.Stored{}}
}

// add replays the rows of a batch that are live at the store.
func (m *model) add(rows *feature.Rows) { m.addBefore(rows, math.MaxInt64) }

// addBefore replays those before an offset.
func (m *model) addBefore(rows *feature.Rows, offset int64) {
	for i := range rows.Len() {
		if rows.Fates[m.store][i] != feature.Live || rows.Records[i].Offset >= offset {
			continue
		}
		id := string(rows.Identity(nil, i, m.store))
		row := asStored(rows, i)
		m.sent[id] = append(m.sent[id], row)
		old, ok := m.kept[id]
		if !ok || m.schema.Group.Order.Compare(row.Version, old.Version) > 0 {
			m.kept[id] = row
		}
	}
}

// visible is what a scan must give, by identity.
func (m *model) visible() map[string]feature.Stored {
	out := make(map[string]feature.Stored, len(m.kept))
	for _, row := range m.kept {
		if m.store == feature.Offline || !row.Version.Delete {
			out[identity(m.schema, m.store, row)] = row
		}
	}
	return out
}

// asStored is row i as a store must give it back.
func asStored(rows *feature.Rows, i int) feature.Stored {
	s := rows.Schema
	row := feature.Stored{Version: rows.Version(i), Values: make([]any, len(s.Fields))}
	for c := range s.Fields {
		switch {
		case !row.Version.Delete || s.IsKey(c):
			row.Values[c] = rows.Columns[c].Value(i)
		case c == s.Time() && s.Fields[c].Kind == feature.Int32:
			row.Values[c] = int32(row.Version.Time)
		case c == s.Time():
			row.Values[c] = row.Version.Time
		}
	}
	return row
}

// identity is made from what the store gave back, not from what it was given.
func identity(s *feature.Schema, store feature.Store, row feature.Stored) string {
	var b []byte
	for _, k := range s.Keys() {
		b = feature.AppendValue(b, row.Values[k])
	}
	if store == feature.Offline && s.Time() >= 0 {
		b = feature.AppendValue(b, row.Version.Time)
	}
	return string(b)
}

// same reports whether two rows are one, values to the bit.
func same(a, b feature.Stored) bool {
	return a.Version == b.Version && string(content(a)) == string(content(b))
}

func content(row feature.Stored) []byte {
	var b []byte
	for _, v := range row.Values {
		b = feature.AppendValue(b, v)
	}
	return b
}
