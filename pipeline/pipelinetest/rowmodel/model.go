// Package rowmodel says what stores must hold, in the simplest way there is:
// plain maps and the written definitions of order and identity, not the code
// that stages and stores decide by.
package rowmodel

import (
	"slices"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Model replays rows as one store must take them.
type Model struct {
	Schema *feature.Schema
	Store  feature.Store
	Kept   map[string]feature.Stored   // the greatest row of each identity, deletes too
	Sent   map[string][]feature.Stored // every row of each identity
}

// New is a store that nothing was sent to.
func New(s *feature.Schema, store feature.Store) *Model {
	return &Model{s, store, map[string]feature.Stored{}, map[string][]feature.Stored{}}
}

// Add replays a row.
func (m *Model) Add(row feature.Stored) {
	id := Identity(m.Schema, m.Store, row)
	m.Sent[id] = append(m.Sent[id], row)
	old, ok := m.Kept[id]
	if !ok || Newer(m.Schema.Group.Order, row.Version, old.Version) {
		m.Kept[id] = row
	}
}

// Visible is what a reader must see, by identity.
func (m *Model) Visible() map[string]feature.Stored {
	out := make(map[string]feature.Stored, len(m.Kept))
	for id, row := range m.Kept {
		if m.Store == feature.Offline || !row.Version.Delete {
			out[id] = row
		}
	}
	return out
}

// Newer says whether a is the newer of two rows, by the written definition. By
// log: (epoch, offset, partition). By event time: (event time, deletes above
// upserts, epoch, offset, partition).
func Newer(o feature.Order, a, b feature.Version) bool {
	return slices.Compare(rank(o, a), rank(o, b)) > 0
}

func rank(o feature.Order, v feature.Version) []int64 {
	place := []int64{int64(v.Epoch), v.Offset, int64(v.Partition)}
	if o == feature.ByLog {
		return place
	}
	del := int64(0)
	if v.Delete {
		del = 1
	}
	return append([]int64{v.Time, del}, place...)
}

// Identity is what a row is unique by: online its key; offline its key, and its
// event time where one is declared. It is made from what a store gave back.
func Identity(s *feature.Schema, store feature.Store, row feature.Stored) string {
	b := Key(s, row)
	if store == feature.Offline && s.Time() >= 0 {
		b = feature.AppendValue(b, row.Version.Time)
	}
	return string(b)
}

// Key is a row's primary key.
func Key(s *feature.Schema, row feature.Stored) []byte {
	var b []byte
	for _, k := range s.Keys() {
		b = feature.AppendValue(b, row.Values[k])
	}
	return b
}
