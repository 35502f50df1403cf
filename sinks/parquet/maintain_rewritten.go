package parquet

import "fmt"

// rewritten is files of the table that were made anew, sorted and without the
// rows that were deleted when that began.
type rewritten struct {
	base  int64 // the sequence number of the snapshot that they were read in
	in    []stored
	ranks [][]uint32 // by in, by row: its place among all rows that were left, from 1; 0 for one that was deleted
	dead  []int      // by in: how many those are
	out   []*dataFile
	ends  []uint32 // by out: the rank of its last row
	bytes int64
}

// translate gives the rows of the new files whose old ones were deleted since. It
// fails if a row that was deleted is not so any more: then the new files lack it.
func (r *rewritten) translate(i int, gone rowSet) ([]position, error) {
	var moved []position
	dead := 0
	for _, row := range gone {
		rank := r.ranks[i][row]
		if rank == 0 {
			dead++
			continue
		}
		moved = append(moved, r.place(rank))
	}
	if dead != r.dead[i] {
		return nil, fmt.Errorf("%w: rows of %s are no longer deleted", errRewritten, r.in[i].uri)
	}
	return moved, nil
}

// place is where a row is now.
func (r *rewritten) place(rank uint32) position {
	first := uint32(0)
	for k, end := range r.ends {
		if rank <= end {
			return position{r.out[k].uri(), int64(rank - first - 1)}
		}
		first = end
	}
	panic("parquet: a rank above that of the last row")
}

// last is the rank of the last row so far.
func (r *rewritten) last() uint32 {
	if len(r.ends) == 0 {
		return 0
	}
	return r.ends[len(r.ends)-1]
}

// rank notes the rows of a block as the next of the last file.
func (r *rewritten) rank(b *block) {
	at := r.last()
	for _, p := range b.from {
		at++
		r.ranks[p.file][p.row] = at
	}
	r.ends[len(r.ends)-1] = at
}

// discard removes the new files.
func (r *rewritten) discard() {
	for _, f := range r.out {
		_ = f.out.discard()
	}
}
