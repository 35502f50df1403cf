package engine

import (
	"errors"
	"fmt"
	"hash/maphash"
	"slices"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// snapshot is a batch as it was when a node was given it: its columns, what they
// held, and its outcomes. Branches of a graph share columns, so a node that
// changes one changes what the others see.
type snapshot struct {
	rows     *feature.Rows
	sum      uint64
	outcomes [2][]feature.Outcome
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

// keepSnapshot notes what a batch is before a node sees it.
func (st *laneState) keepSnapshot(batch any) {
	rows, ok := batch.(*feature.Rows)
	if !ok || rows.Check() != nil {
		return
	}
	was := *rows // a node that gives its batch other columns leaves these alone
	was.Columns = slices.Clone(rows.Columns)
	k := snapshot{rows: &was, sum: sumOf(&was)}
	for s := range k.outcomes {
		k.outcomes[s] = slices.Clone(rows.Outcomes[s])
	}
	st.kept = append(st.kept, k)
}

var errShared = errors.New("changed a column in place, which other branches of the graph share: feature.Rows.Edit gives a batch with columns of its own")

// verify looks at the batches that a node was given and still has, if it keeps
// some, and at those that it has just let go of.
func (st *laneState) verify(keeps bool, out []*envelope) error {
	for _, k := range st.kept {
		if sumOf(k.rows) != k.sum {
			return errShared
		}
	}
	emitted := int64(-1)
	for _, o := range out {
		rows, _ := o.batch.(*feature.Rows)
		if rows == nil || rows.Check() != nil {
			continue
		}
		if err := st.verifyOutcomes(rows); err != nil {
			return err
		}
		emitted = rows.Span().To
	}
	st.kept = slices.DeleteFunc(st.kept, func(k snapshot) bool { return k.rows.Span().To <= emitted || !keeps })
	return nil
}

// verifyOutcomes holds what is emitted against what was given, record for record.
func (st *laneState) verifyOutcomes(rows *feature.Rows) error {
	i := 0
	for _, k := range st.kept {
		for j := range k.rows.Records {
			offset := k.rows.Records[j].Offset
			for i < rows.Len() && rows.Records[i].Offset < offset {
				i++
			}
			if i == rows.Len() {
				return nil
			}
			if rows.Records[i].Offset != offset {
				continue
			}
			for s := range k.outcomes {
				if was, is := k.outcomes[s][j], rows.Outcomes[s][i]; !mayBecome(was, is) {
					return fmt.Errorf("gave the row at offset %d the outcome %v in place of %v: an outcome that a row has stays", offset, is, was)
				}
			}
		}
	}
	return nil
}

// mayBecome reports whether a stage may change an outcome so: that of a pending
// row, and of a replayed one that loads into no state from here on.
func mayBecome(was, is feature.Outcome) bool {
	return was == is || was == feature.Pending && is != feature.Replayed || was == feature.Replayed && is != feature.Pending
}
