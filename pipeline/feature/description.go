package feature

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// tableFormat is that of the tables that the sinks write: what their own columns are called and mean.
const tableFormat = 1

// Description is what a store's table says, as a JSON object, of the group whose
// rows it has: all that a reader must know and that the columns don't say, and by
// which a sink finds that the table is another group's.
type Description struct {
	Format     int               `json:"format"`
	Group      string            `json:"group"`
	Version    int               `json:"version"`
	PrimaryKey []string          `json:"primary_key"`
	EventTime  string            `json:"event_time,omitempty"`
	Order      string            `json:"order"`         // of which two rows of a key is the newer: log or event-time
	TTL        string            `json:"ttl,omitempty"` // of rows in the online store, as time.Duration is written
	Features   map[string]string `json:"features"`      // the type of each column, with its unit: int64/timestamp-millis
}

// Describe is what a table of the schema's rows says.
func (s *Schema) Describe() Description {
	g := s.Group
	d := Description{
		Format: tableFormat, Group: g.Name, Version: max(g.Version, 1),
		PrimaryKey: g.PrimaryKey, EventTime: g.EventTime, Order: g.Order.String(), Features: map[string]string{},
	}
	if g.TTL > 0 {
		d.TTL = g.TTL.String()
	}
	for _, f := range s.Fields {
		name := f.Name
		f.Name, f.Nullable = "", false
		d.Features[name] = f.String()
	}
	return d
}

// String is the JSON object.
func (d Description) String() string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(d); err != nil { // of strings and numbers
		panic(err)
	}
	return strings.TrimSpace(b.String())
}

// ParseDescription reads what String writes.
func ParseDescription(text string) (d Description, err error) {
	if text == "" {
		return d, fmt.Errorf("the table doesn't say which group's rows it has")
	}
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		return d, fmt.Errorf("what the table says of its group, %.100q: %w", text, err)
	}
	return d, nil
}

// Differs says why rows of a schema can't go to a table that says d; nil: they
// can. Columns that only one of them has are for the table's shape to tell, and
// a TTL is each row's own.
func (d Description) Differs(s *Schema) []string {
	want := s.Describe()
	var wrong []string
	if d.Format != want.Format {
		wrong = append(wrong, fmt.Sprintf("its format is %d, not %d", d.Format, want.Format))
	}
	if d.Group != want.Group || d.Version != want.Version {
		wrong = append(wrong, fmt.Sprintf("it is of group %s, version %d, not of %s, version %d", d.Group, d.Version, want.Group, want.Version))
	}
	if is, should := d.identity(), want.identity(); is != should {
		wrong = append(wrong, fmt.Sprintf("%s is not %s", is, should))
	}
	for _, name := range slices.Sorted(maps.Keys(want.Features)) {
		if is, ok := d.Features[name]; ok && is != want.Features[name] {
			wrong = append(wrong, fmt.Sprintf("column %s is %s, not %s", name, is, want.Features[name]))
		}
	}
	return wrong
}

func (d Description) identity() string {
	return fmt.Sprintf("key (%s), time (%s), order by %s", strings.Join(d.PrimaryKey, ","), d.EventTime, d.Order)
}

// With is d with the columns and the TTL of a schema whose rows go to its table.
func (d Description) With(s *Schema) Description {
	want := s.Describe()
	maps.Copy(want.Features, d.Features)
	return want
}
