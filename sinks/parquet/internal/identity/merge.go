package identity

// Ref names a row of one of several files.
type Ref struct{ File, Row uint32 }

// Merge goes through the rows of several files in the order of their digests.
type Merge struct{ heap []head }

// head is what is left of a file.
type head struct {
	rows []Row
	file uint32
}

// NewMerge begins with the first of them; files are sorted as an Index has them.
func NewMerge(files [][]Row) *Merge {
	m := &Merge{}
	for i, rows := range files {
		if len(rows) > 0 {
			m.heap = append(m.heap, head{rows, uint32(i)})
		}
	}
	for i := len(m.heap)/2 - 1; i >= 0; i-- {
		m.down(i)
	}
	return m
}

// More reports whether there is a next row.
func (m *Merge) More() bool { return len(m.heap) > 0 }

// Next gives the row of the least digest; of one digest the first file's.
func (m *Merge) Next() (Row, Ref) {
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
	return x, Ref{file, x.Row}
}

func (m *Merge) down(i int) {
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
