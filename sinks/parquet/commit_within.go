package parquet

import (
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/parquet/internal/identity"
)

// lost is a row of a cut that is not in the table, and why.
type lost struct {
	row     identity.Ref
	outcome feature.Outcome
}

// resolveWithin resolves a cut in itself: of rows of one identity the greatest,
// by the group's order, wins, and the others are lost. The files' rows are
// sorted by identity, so those of one come together.
func (c *cut) resolveWithin(order feature.Order) []lost {
	var losers []lost
	var best identity.Ref
	var top identity.Row
	m := identity.NewMerge(c.sorted())
	for first := true; m.More(); first = false {
		x, r := m.Next()
		if first || x.Digest() != top.Digest() {
			best, top = r, x
			continue
		}
		loser, outcome := r, feature.Superseded
		switch o := order.Compare(c.version(r, x.Origin), c.version(best, top.Origin)); {
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

// sorted are the rows of all files, each file's by identity.
func (c *cut) sorted() [][]identity.Row {
	files := make([][]identity.Row, len(c.files))
	for i, f := range c.files {
		files[i] = f.index.Rows
	}
	return files
}
