package cassandra

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// fit is the table as rows are bound to it where it looks like this, and the statements that must run before that. One
// of another shape is an error: that of a group that evolves has the same keys, and what it has and lacks besides can
// be null.
func (t *table) fit(have shape) (fitted *table, missing []string, err error) {
	if !have.exists() {
		return nil, t.createStatements(), nil
	}
	if fitted, missing, err = t.fitColumns(have); err == nil {
		err = t.checkComment(have)
	}
	return fitted, missing, err
}

func (t *table) fitColumns(have shape) (fitted *table, missing []string, err error) {
	want := t.shape()
	if !t.schema.Group.Evolve {
		if !slices.Equal(have.lines(), want.lines()) {
			return nil, nil, t.differs(have, want)
		}
		return t, nil, nil
	}
	if !want.growsFrom(have, len(t.own())) {
		return nil, nil, t.differs(have, want)
	}
	for _, s := range t.slots {
		switch {
		case find(have.grows, s.name) >= 0:
		case !t.schema.Fields[s.field].Nullable:
			return nil, nil, t.differs(have, want)
		default:
			missing = append(missing, t.addStatements(s)...)
		}
	}
	return t.boundTo(have), missing, nil
}

// checkComment refuses a table of another group, key or order: all rows that are written to it might lose for ever
// against those that it has.
func (t *table) checkComment(have shape) error {
	says, err := feature.ParseDescription(have.says)
	if err != nil {
		return fmt.Errorf("table %s, comment: %w; if it is this group's, run: %s", t.qualified(t.name()), err, t.comment(t.schema.Describe()))
	}
	if wrong := says.Differs(t.schema); len(wrong) > 0 {
		return fmt.Errorf("table %s has another shape, by its comment: %s", t.qualified(t.name()), strings.Join(wrong, ", "))
	}
	return nil
}

// stale is the statement that brings the comment of a table up to date, empty if it is.
func (t *table) stale(have shape) string {
	says, err := feature.ParseDescription(have.says)
	if now := says.With(t.schema); err == nil && now.String() != says.String() {
		return t.comment(now)
	}
	return ""
}

func (t *table) differs(have, want shape) error {
	return fmt.Errorf("table %s has another shape:\n\tit has  %s\n\twanted  %s",
		t.qualified(t.name()), strings.Join(have.lines(), ", "), strings.Join(want.lines(), ", "))
}

// growsFrom reports whether two shapes are alike but for columns that one of them lacks. The first of those that grow
// are the sink's own, which both have; a packed row's are in one place.
func (s shape) growsFrom(have shape, own int) bool {
	if !slices.Equal(s.fixed, have.fixed) {
		return false
	}
	if s.row != "" && (len(have.grows) < own || !slices.Equal(s.grows[:own], have.grows[:own])) {
		return false
	}
	for _, c := range ownColumns {
		if find(have.grows, c.name) < 0 {
			return false
		}
	}
	for _, c := range s.grows {
		if i := find(have.grows, c.name); i >= 0 && have.grows[i] != c {
			return false
		}
	}
	return !slices.ContainsFunc(s.types, func(u userType) bool {
		return slices.ContainsFunc(have.types, func(h userType) bool { return h.name == u.name && !slices.Equal(h.fields, u.fields) })
	})
}

// boundTo is the table with a slot for each column that is there. A packed row's are in the order of its type, which
// another process may have given fields in another order than the schema has them; after the schema's last one they
// can be left out.
func (t *table) boundTo(have shape) *table {
	out := *t
	out.slots = nil
	own := t.own()
	for _, c := range have.grows {
		if find(own, c.name) >= 0 {
			continue
		}
		s := slot{c, -1}
		if i := slices.IndexFunc(t.slots, func(s slot) bool { return s.name == c.name }); i >= 0 {
			s = t.slots[i]
		}
		out.slots = append(out.slots, s)
	}
	return &out
}

func find(cs []column, name string) int {
	return slices.IndexFunc(cs, func(c column) bool { return c.name == name })
}
