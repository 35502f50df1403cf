package engine

import (
	"errors"
	"hash/maphash"
	"slices"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// snapshot is a batch as it was when a node was given it, and what its columns
// held. Branches of a graph share columns, so a node that changes one changes
// what the others see.
type snapshot struct {
	rows *feature.Rows
	sum  uint64
}

var seed = maphash.MakeSeed()

// sumOf hashes all that branches share of a batch.
func sumOf(rows *feature.Rows) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	var row []byte
	for i := range rows.Len() {
		row = rows.AppendContent(row[:0], i)
		_, _ = h.Write(row)
	}
	return h.Sum64()
}

// keepSnapshot notes what the columns of a batch hold before a node sees it.
func (st *laneState) keepSnapshot(batch any) {
	rows, ok := batch.(*feature.Rows)
	if !ok || rows.Check() != nil {
		return
	}
	was := *rows // a node that gives its batch other columns leaves these alone
	was.Columns = slices.Clone(rows.Columns)
	st.kept = append(st.kept, snapshot{&was, sumOf(&was)})
}

var errShared = errors.New("changed a column in place, which other branches of the graph share: rows.Edit gives a batch with columns of its own")

// columnsUntouched verifies the batches that a node was given and still has, and
// those that it has just let go of.
func (st *laneState) columnsUntouched(out []*envelope) error {
	for _, k := range st.kept {
		if sumOf(k.rows) != k.sum {
			return errShared
		}
	}
	emitted := int64(-1)
	for _, o := range out {
		if spans := spansOf(o.batch); len(spans) > 0 {
			emitted = spans[len(spans)-1].To
		}
	}
	st.kept = slices.DeleteFunc(st.kept, func(k snapshot) bool { return k.rows.Span().To <= emitted || !st.run.Keeps() })
	return nil
}
