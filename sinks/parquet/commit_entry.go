package parquet

import (
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/parquet/internal/identity"
)

// entry is what a commit must know of a row that it holds, beside its digest and
// its origin: the event time, and the span that it is counted in. It has no
// pointers, so that a million of them cost the garbage collector nothing.
type entry struct {
	time int64  // in the event time's own unit
	span uint32 // in laneCut.spans
	lane uint32 // in cut.lanes, below a bit that is set once the row is lost
}

// lostBit says that another row of the cut has the row's identity, and wins.
const lostBit = 1 << 31

func (e *entry) lost() bool { return e.lane&lostBit != 0 }

func (e *entry) lose() { e.lane |= lostBit }

func (c *cut) entry(r identity.Ref) *entry { return c.files[r.File].entries.At(int(r.Row)) }

// version is what a row of a cut is ordered by. Its file has ended.
func (c *cut) version(r identity.Ref, o identity.Origin) feature.Version {
	return c.files[r.File].index.Version(o, c.entry(r).time)
}
