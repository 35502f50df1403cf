package parquet

import (
	"math/rand/v2"
	"testing"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/parquet/internal/identity"
)

// Of rows with one identity the greatest wins, in whichever files of a cut they are.
func TestRowsOfACutAreResolvedAcrossItsFiles(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 200 {
		c, greatest := randomCut(r)
		losers := c.resolveWithin(feature.ByLog)
		kept := 0
		for f, file := range c.files {
			for _, x := range file.index.Rows {
				if file.entries.At(int(x.Row)).lost() {
					continue
				}
				kept++
				if offset := c.version(identity.Ref{File: uint32(f), Row: x.Row}, x.Origin).Offset; offset != greatest[x.Digest()] {
					t.Fatalf("file %d row %d at offset %d was kept of %x, want offset %d", f, x.Row, offset, x.Digest(), greatest[x.Digest()])
				}
			}
		}
		if kept != len(greatest) || kept+len(losers) != c.rows {
			t.Fatalf("%d rows kept of %d identities, %d of %d rows lost", kept, len(greatest), len(losers), c.rows)
		}
	}
}

func randomCut(r *rand.Rand) (*cut, map[identity.Digest]int64) {
	c := &cut{lanes: []*laneCut{{lane: &feature.Lane{}}}}
	greatest := map[identity.Digest]int64{}
	for range r.IntN(6) {
		f := &dataFile{}
		for range r.IntN(40) {
			d := identity.Digest{Hi: uint64(r.IntN(4)) << 62, Lo: uint32(r.IntN(10))}
			offset := r.Int64()
			f.identities.Add(d, feature.Version{Offset: offset})
			*f.entries.Add() = entry{}
			greatest[d] = max(greatest[d], offset)
			c.rows++
		}
		f.index = f.identities.Index()
		c.files = append(c.files, f)
	}
	return c, greatest
}
