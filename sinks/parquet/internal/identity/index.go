package identity

import (
	"sort"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Index is the index of one file, in memory.
type Index struct {
	Rows    []Row // by digest, and those of one digest as they stand in the file
	sources []source
}

// Probe asks a file for the rows of one identity.
type Probe struct {
	Time int64 // the identity's
	Digest

	// What is asked for: a row of some cut. Find leaves them alone.
	Row    Ref
	Origin Origin
}

// Find gives the rows of each digest that is asked for, and what they are ordered
// by. Those asked for are sorted by digest.
func (x *Index) Find(asked []Probe, found func(p *Probe, row uint32, v feature.Version)) error {
	for i := range asked {
		p := &asked[i]
		at := sort.Search(len(x.Rows), func(i int) bool { return x.Rows[i].Digest().Compare(p.Digest) >= 0 })
		for ; at < len(x.Rows) && x.Rows[at].Digest() == p.Digest; at++ {
			found(p, x.Rows[at].Row, x.Version(x.Rows[at].Origin, p.Time))
		}
	}
	return nil
}

// Version is what a row of the file is ordered by.
func (x *Index) Version(o Origin, time int64) feature.Version { return o.version(x.sources, time) }
