package readers

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// question is one that every reader is asked.
type question struct {
	ID  int            `json:"id"`
	Ask string         `json:"ask"` // rows, ids, count, min or max
	At  map[string]any `json:"at,omitempty"`
	filter

	moment string // what is asked about
}

// String is for people, and for the limits that name questions.
func (q question) String() string {
	s := q.Ask
	if len(q.Column) > 0 {
		s += " " + strings.Join(q.Column, ".")
	}
	if q.Op != "" {
		s += " " + q.Op
		if q.Value != nil {
			s += fmt.Sprintf(" %.60v", q.Value)
		}
	}
	for how := range q.At {
		s += " at " + how
	}
	return s + " of " + q.moment
}

// questionsAbout are all that is asked about a table: its rows, now and as they
// were, and filters on each column.
func questionsAbout(l *lake) []question {
	var out []question
	ask := func(what, moment string, at map[string]any, f filter) {
		out = append(out, question{ID: len(out), Ask: what, At: at, filter: f, moment: moment})
	}
	byID := func(moment string) map[string]any { return map[string]any{"snapshot": l.moments[moment].snapshot} }
	ask("rows", "head", nil, filter{})
	ask("rows", "before", byID("before"), filter{})
	ask("ids", "tagged", map[string]any{"tag": "tagged"}, filter{})
	for _, moment := range []string{"tagged", "before", "compacted"} {
		ask("ids", moment, byID(moment), filter{})
		ask("ids", moment, map[string]any{"time": l.moments[moment].time}, filter{})
		ask("count", moment, byID(moment), filter{})
	}
	ask("count", "head", nil, filter{})
	for _, leaf := range leavesOf(l.schema) {
		for i, f := range filtersOn(l, leaf) {
			if i%2 == 0 {
				ask("ids", "head", nil, f)
			} else {
				ask("ids", "before", byID("before"), f)
			}
		}
		if leaf.Type != "boolean" && strings.HasPrefix(leaf.Column[0], "opt_") && len(leaf.Column) == 1 {
			ask("min", "head", nil, leaf)
			ask("max", "head", nil, leaf)
		}
	}
	return out
}

// leavesOf are the columns that a filter can be put on, and the fields of structs.
func leavesOf(s *feature.Schema) []filter {
	var out []filter
	var walk func(path []string, fields []feature.Field)
	walk = func(path []string, fields []feature.Field) {
		for _, f := range fields {
			path := append(slices.Clone(path), f.Name)
			if f.Logical == feature.Decimal && f.Precision%9 > 1 {
				continue // rows tell enough of the others
			}
			switch t, ok := typeOf(f).(string); {
			case ok:
				out = append(out, filter{Column: path, Type: t})
			case f.Kind == feature.Struct:
				walk(path, f.Children)
			}
		}
	}
	walk(nil, s.Fields)
	for _, c := range own[:len(own)-1] {
		out = append(out, filter{Column: []string{c[0].(string)}, Type: c[1].(string)})
	}
	return out
}

// filtersOn compares with the least, the middle and the greatest of a column's values.
func filtersOn(l *lake, leaf filter) []filter {
	with := func(op string, v any) filter { return filter{leaf.Column, leaf.Type, op, v} }
	var values []any
	for _, row := range l.moments["head"].rows {
		if v := leaf.of(spellRow(l.schema, row)); v != nil && v != "NaN" {
			values = append(values, v)
		}
	}
	slices.SortFunc(values, func(a, b any) int { return compare(leaf.Type, a, b) })
	values = slices.Compact(values)
	if leaf.Type == "boolean" {
		return []filter{with("null", nil), with("eq", true), with("eq", false)}
	}
	least, middle, most := values[0], values[len(values)/2], values[len(values)-1]
	out := []filter{with("null", nil), with("lt", middle), with("gt", middle), with("eq", least), with("eq", most)}
	if leaf.Type == "float" || leaf.Type == "double" {
		out = append(out, with("gt", least), with("nan", nil), with("eq", "NaN"))
	}
	return out
}

// of is the value of the filter's column in a row.
func (f *filter) of(row map[string]any) any {
	v := any(row)
	for _, name := range f.Column {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[name]
	}
	return v
}

// expected is the right answer.
func (q question) expected(l *lake, nanIsGreatest bool) any {
	rows := []map[string]any{}
	for _, row := range l.moments[q.moment].rows {
		spelled := spellRow(l.schema, row)
		if q.takes(q.of(spelled), nanIsGreatest) {
			rows = append(rows, spelled)
		}
	}
	switch q.Ask {
	case "rows":
		return rows
	case "count":
		return strconv.Itoa(len(rows))
	case "min", "max":
		return q.end(rows, nanIsGreatest)
	}
	ids := []any{}
	for _, row := range rows {
		ids = append(ids, place(row))
	}
	slices.SortFunc(ids, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
	return ids
}

// end is the least or the greatest value.
func (q question) end(rows []map[string]any, nanIsGreatest bool) any {
	var end any
	for _, row := range rows {
		v := q.of(row)
		if v == nil || v == "NaN" && !nanIsGreatest {
			continue
		}
		if end == nil || (compare(q.Type, v, end) < 0) == (q.Ask == "min") && compare(q.Type, v, end) != 0 {
			end = v
		}
	}
	return end
}

// place says where a row came from, which no two rows share.
func place(row map[string]any) string {
	return fmt.Sprint(row[ownPartition], "/", row[ownOffset])
}
