package parquet

import (
	"slices"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/parquet/internal/identity"
)

// resolution is what becomes of a cut's rows, and of the table's that they replace.
type resolution struct {
	spans    [][]feature.SpanTally // by cut.lanes, rows moved to their outcomes
	alive    []int                 // rows left, by cut.files
	lost     []lost
	replaced []match // rows of the table that are deleted
}

// resolve compares the rows that won within the cut with the table's rows of
// their identities: the greater stays.
func (c *cut) resolve(found []match, order feature.Order) *resolution {
	r := &resolution{lost: slices.Clone(c.losers)}
	for _, s := range c.spans() {
		r.spans = append(r.spans, slices.Clone(s))
	}
	for _, f := range c.files {
		r.alive = append(r.alive, f.entries.Len())
	}
	beaten := map[identity.Ref]bool{}
	for _, m := range found {
		o := order.Compare(m.stored, c.version(m.row, m.origin))
		if o < 0 || beaten[m.row] {
			continue
		}
		outcome := feature.Late
		if o == 0 {
			outcome = feature.Duplicate
		}
		beaten[m.row] = true
		r.lost = append(r.lost, lost{m.row, outcome})
	}
	for _, l := range r.lost {
		r.span(c, l.row).Move(l.outcome)
		r.alive[l.row.File]--
	}
	for _, m := range found {
		if !beaten[m.row] {
			r.span(c, m.row).Replaced++
			r.replaced = append(r.replaced, m)
		}
	}
	return r
}

func (r *resolution) span(c *cut, row identity.Ref) *feature.SpanTally {
	e := c.entry(row)
	return &r.spans[e.lane&^lostBit][e.span]
}

// deletion is rows of one partition that are deleted.
type deletion struct {
	tuple tuple
	rows  []position
}

// positions are the rows to be deleted, by partition: the table's, and those of new
// files, but for files that have no other rows.
func (r *resolution) positions(c *cut) map[string]*deletion {
	by := map[string]*deletion{}
	add := func(in tuple, p position) {
		if by[in.key] == nil {
			by[in.key] = &deletion{tuple: in}
		}
		by[in.key].rows = append(by[in.key].rows, p)
	}
	for _, m := range r.replaced {
		add(m.file.tuple, position{m.file.uri, m.pos})
	}
	for _, l := range r.lost {
		if f := c.files[l.row.File]; r.alive[l.row.File] > 0 {
			add(f.tuple, position{f.uri(), int64(l.row.Row)})
		}
	}
	return by
}
