package parquet

import (
	"bytes"
	"container/heap"
	"context"
	"errors"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// sortedRun is rows in the order of what is to be made of them. next fills a block
// with the first of those left, and gives none at their end.
type sortedRun interface {
	next(dst *block) error
	close() error
}

// memoryRun is a run of one block.
type memoryRun struct{ rows *block }

func (m *memoryRun) next(dst *block) error {
	dst.clear()
	if m.rows != nil {
		dst.add(m.rows, 0, m.rows.len())
	}
	m.rows = nil
	return nil
}

func (m *memoryRun) close() error { return nil }

// fileRun is what is not deleted of a file that is read once, from its beginning.
type fileRun struct {
	in   *input
	read *block
	from func(row int) place
	gone rowSet
	at   int
}

func (f *fileRun) next(dst *block) error {
	dst.clear()
	for dst.len() == 0 {
		f.read.clear()
		n, err := f.in.read(blockRows, f.read.all)
		if n == 0 || err != nil {
			return err
		}
		for i := range n {
			f.read.from = append(f.read.from, f.from(f.at+i))
		}
		f.copyLive(dst, n)
		f.at += n
	}
	return nil
}

func (f *fileRun) copyLive(dst *block, n int) {
	from := 0
	for len(f.gone) > 0 && f.gone[0] < int64(f.at+n) {
		dead := int(f.gone[0]) - f.at
		if dead >= from {
			dst.add(f.read, from, dead)
			from = dead + 1
		}
		f.gone = f.gone[1:]
	}
	dst.add(f.read, from, n)
}

func (f *fileRun) close() error { return f.in.close() }

// merge goes through the rows of several runs in order.
type merge struct{ heads []*head }

// head is the block of a run that is being read.
type head struct {
	run  sortedRun
	rows *block
	keys sortKeys
	at   int
}

func newMerge(s *feature.Schema, by []int, runs []sortedRun) (*merge, error) {
	m := &merge{}
	for _, r := range runs {
		h := &head{run: r, rows: newBlock(s), keys: sortKeys{by: by}}
		more, err := h.fill()
		if err != nil {
			return nil, err
		}
		if more {
			m.heads = append(m.heads, h)
		}
	}
	heap.Init(m)
	return m, nil
}

func (h *head) fill() (bool, error) {
	h.at = 0
	if err := h.run.next(h.rows); err != nil {
		return false, err
	}
	h.keys.fill(h.rows.rows, h.rows.len())
	return h.rows.len() > 0, nil
}

// next fills a block with at most n rows; none at the end.
func (m *merge) next(ctx context.Context, s *feature.Schema, dst *block, n int) error {
	dst.clear()
	for len(m.heads) > 0 && dst.len() < n {
		if err := ctx.Err(); err != nil {
			return err
		}
		h := m.heads[0]
		to := m.stretch(h, n-dst.len())
		dst.add(h.rows, h.at, to)
		if h.at = to; h.at == h.rows.len() {
			more, err := h.fill()
			if err != nil {
				return err
			}
			if !more {
				heap.Pop(m)
				continue
			}
		}
		heap.Fix(m, 0)
	}
	return nil
}

// stretch is how far the least head goes before another's turn comes.
func (m *merge) stretch(h *head, n int) int {
	var other []byte
	for _, i := range []int{1, 2} { // one of them is the next
		if i < len(m.heads) && (other == nil || bytes.Compare(m.heads[i].key(), other) < 0) {
			other = m.heads[i].key()
		}
	}
	last := min(h.at+n, h.rows.len())
	to := h.at + 1
	for to < last && (other == nil || bytes.Compare(h.keys.at(to), other) <= 0) {
		to++
	}
	return to
}

func (h *head) key() []byte { return h.keys.at(h.at) }

func (m *merge) Len() int           { return len(m.heads) }
func (m *merge) Less(i, j int) bool { return bytes.Compare(m.heads[i].key(), m.heads[j].key()) < 0 }
func (m *merge) Swap(i, j int)      { m.heads[i], m.heads[j] = m.heads[j], m.heads[i] }
func (m *merge) Push(x any)         { m.heads = append(m.heads, x.(*head)) }

func (m *merge) Pop() any {
	h := m.heads[len(m.heads)-1]
	m.heads = m.heads[:len(m.heads)-1]
	return h
}

func closeRuns(runs []sortedRun) error {
	var errs []error
	for _, r := range runs {
		errs = append(errs, r.close())
	}
	return errors.Join(errs...)
}
