package parquet

import (
	"cmp"
	"math/bits"
	"slices"
)

// What is worth a rewrite. While a table is tended beside a stream, files wait for
// many of their size, so that a row is written once for each step from one size to
// the next; Compact waits for a few only.
const (
	rottenShare  = 4  // a file is rotten of which one row in so many is deleted
	rottenWorth  = 20 // and worth it once one in so many of its partition is a dead one of a rotten file
	tierStep     = 64 // a file is small beside one that is as many times its size
	tierFiles    = 64
	mostTiers    = 10
	fewestFiles  = 5
	deletesStep  = 3 // as a power of two: files of deletes are merged with those of about their size
	deletesFiles = 8
)

// job is what is done to the table in one commit.
type job struct {
	drop    []stored // data files of which no row is left
	rewrite []stored // of one partition
	merge   []stored // files of deletes, to be one for each data file
}

func (j *job) empty() bool { return len(j.drop)+len(j.rewrite)+len(j.merge) == 0 }

// policy says how much debt is worth a commit.
type policy struct {
	set   *Sink
	eager bool
}

// job is the next thing to do, if there is any. It leads to fewer files or fewer
// dead rows, so that a table that nobody writes to comes to rest.
func (p policy) job(d *debt) *job {
	j := &job{}
	for _, g := range d.groups() {
		if j.rewrite = p.rotten(d, g); j.rewrite == nil {
			j.rewrite = p.small(d, g.files)
		}
		if j.rewrite != nil {
			break
		}
	}
	if j.rewrite == nil {
		j.merge = p.manyDeletes(d)
	}
	if dead := d.dropped(); !j.empty() || p.worthDropping(d, dead) {
		j.drop = dead
	}
	return j
}

func (p policy) worthDropping(d *debt, dead []stored) bool {
	rows, all := int64(0), int64(0)
	for _, f := range dead {
		rows += f.rows
	}
	for _, f := range d.data {
		all += f.rows
	}
	return len(dead) > 0 && (p.eager || len(dead) >= deletesFiles || rows*rottenWorth >= all)
}

// rotten are files of many dead rows, as many as make a file without those.
func (p policy) rotten(d *debt, g *group) []stored {
	var files []stored
	rows := int64(0)
	for _, f := range g.files {
		if dead := d.dead[f.uri]; dead*rottenShare >= f.rows {
			files = append(files, f)
			rows += dead
		}
	}
	if rows == 0 || !p.eager && rows*rottenWorth < g.rows {
		return nil
	}
	for _, f := range g.files { // the small ones at once, while there is room
		if p.eager && d.dead[f.uri]*rottenShare < f.rows && p.tier(f) >= 0 {
			files = append(files, f)
		}
	}
	return p.enough(d, files)
}

// enough are as many files, from the first on, as make a large one.
func (p policy) enough(d *debt, files []stored) []stored {
	bytes, rows := 0.0, int64(0)
	for i, f := range files {
		bytes += d.liveBytes(f)
		rows += d.live(f)
		if bytes >= float64(p.set.FileBytes) || rows >= int64(p.set.FileRows) {
			return files[:i+1]
		}
	}
	return files
}

// small are files of about one size that make fewer.
func (p policy) small(d *debt, all []stored) []stored {
	tiers := map[int][]stored{}
	for _, f := range all {
		if n := p.tier(f); n >= 0 {
			tiers[n] = append(tiers[n], f)
		}
	}
	for n := range mostTiers {
		files := p.enough(d, p.alike(tiers[n]))
		if len(files) >= fewestFiles && (p.eager || p.waited(d, n, files)) && outputs(p.set, files, d) < int64(len(files)) {
			return files
		}
	}
	return nil
}

// alike are the smaller files of a tier, by size and of about one size by age, up
// to one that is larger than those before it together: to write it again for
// their sake would not be worth it yet.
func (p policy) alike(files []stored) []stored {
	slices.SortStableFunc(files, func(a, b stored) int { return cmp.Compare(bits.Len64(uint64(a.size)), bits.Len64(uint64(b.size))) })
	sum := int64(0)
	for i, f := range files {
		if !p.eager && i >= fewestFiles && f.size > sum {
			return files[:i]
		}
		sum += f.size
	}
	return files
}

// tier is how many steps a file is below a large one; -1 for that.
func (p policy) tier(f stored) int {
	share := max(float64(f.size)/float64(p.set.FileBytes), float64(f.rows)/float64(p.set.FileRows))
	switch {
	case share >= 0.75 || share >= 0.5 && !p.eager:
		return -1
	case p.eager:
		return 0
	}
	n := 0
	for share *= tierStep; share < 1 && n < mostTiers-1; share *= tierStep {
		n++
	}
	return n
}

// waited reports whether files of a tier are many, or make one of the tier above.
func (p policy) waited(d *debt, tier int, files []stored) bool {
	share := 0.0
	for _, f := range files {
		share += max(d.liveBytes(f)/float64(p.set.FileBytes), float64(d.live(f))/float64(p.set.FileRows))
	}
	for range tier {
		share *= tierStep
	}
	return len(files) >= tierFiles || share >= 1
}

// manyDeletes are files of deletes of which a data file has several of about one
// size, and those that concern several data files.
func (p policy) manyDeletes(d *debt) []stored {
	var files []stored
	for uri, all := range d.scoped {
		if !d.files[uri] {
			continue
		}
		sizes := map[int][]stored{}
		for _, f := range all {
			n := bits.Len64(uint64(f.rows)) / deletesStep
			sizes[n] = append(sizes[n], f)
		}
		for _, some := range sizes {
			if len(some) >= deletesFiles {
				files = append(files, some...)
			}
		}
	}
	if len(d.shared) >= deletesFiles {
		files = append(files, d.shared...)
	}
	return files
}
