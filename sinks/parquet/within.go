package parquet

import "github.com/tandemdata/tandem/pipeline/feature"

// lost is a row of a cut that is not in the table, and why.
type lost struct {
	row     rowRef
	outcome feature.Outcome
}

// resolveWithin resolves a cut in itself: of rows of one identity the greatest,
// by the group's order, wins, and the others are lost. The files' rows are
// sorted by identity, so those of one come together.
func (c *cut) resolveWithin(order feature.Order) []lost {
	var losers []lost
	var best rowRef
	var top indexed
	m := c.merge()
	for first := true; m.more(); first = false {
		x, r := m.next()
		if first || x.digest() != top.digest() {
			best, top = r, x
			continue
		}
		loser, outcome := r, feature.Superseded
		switch o := order.Compare(c.version(r, x.origin), c.version(best, top.origin)); {
		case o == 0:
			outcome = feature.Duplicate
		case o > 0:
			loser, best, top = best, r, x
		}
		c.entry(loser).lose()
		losers = append(losers, lost{loser, outcome})
	}
	return losers
}

// merge goes through the rows of all files of a cut in the order of their digests.
type merge struct{ heap []head }

// head is what is left of a file.
type head struct {
	rows []indexed
	file uint32
}

func (c *cut) merge() *merge {
	m := &merge{}
	for i, f := range c.files {
		if len(f.sorted) > 0 {
			m.heap = append(m.heap, head{f.sorted, uint32(i)})
		}
	}
	for i := len(m.heap)/2 - 1; i >= 0; i-- {
		m.down(i)
	}
	return m
}

func (m *merge) more() bool { return len(m.heap) > 0 }

// next gives the row of the least digest; of one digest the first file's.
func (m *merge) next() (indexed, rowRef) {
	top := &m.heap[0]
	x, file := top.rows[0], top.file
	if top.rows = top.rows[1:]; len(top.rows) == 0 {
		last := len(m.heap) - 1
		m.heap[0] = m.heap[last]
		m.heap = m.heap[:last]
	}
	if len(m.heap) > 1 {
		m.down(0)
	}
	return x, rowRef{file, x.row}
}

func (m *merge) down(i int) {
	for {
		least := i
		for _, k := range [...]int{2*i + 1, 2*i + 2} {
			if k < len(m.heap) && m.heap[k].before(&m.heap[least]) {
				least = k
			}
		}
		if least == i {
			return
		}
		m.heap[i], m.heap[least] = m.heap[least], m.heap[i]
		i = least
	}
}

func (h *head) before(o *head) bool {
	a, b := &h.rows[0], &o.rows[0]
	switch {
	case a.hi != b.hi:
		return a.hi < b.hi
	case a.lo != b.lo:
		return a.lo < b.lo
	}
	return h.file < o.file
}
