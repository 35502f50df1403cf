package main

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/parquet"
)

// measureCommits is how long a commit of 1,000 appended rows takes, by how many
// there were before it.
func (s *suite) measureCommits(ctx context.Context) error {
	const part = "offline commit, ms"
	p := newPool(feature.ByLog, 8, 1000, 100_000)
	t, err := openTable(ctx, p.schema(), parquet.Sink{})
	if err != nil {
		return err
	}
	defer t.close()
	var took []float64 // ms
	for n := range 1010 {
		if n%100 == 0 {
			s.progress("%s: %d of 1,010", part, n)
		}
		d, err := t.commit(ctx, p.at(n))
		if err != nil {
			return err
		}
		took = append(took, float64(d.Microseconds())/1000)
	}
	c := curve{title: "commits, an " + part, axis: "commits before it", unit: "ms"}
	for _, n := range []int{20, 100, 200, 500, 1000} {
		all := spreadOf(took[n-10 : n+10])
		s.note(part, fmt.Sprint(n), "commits before it", all)
		c.points = append(c.points, point{float64(n), all.Mid})
	}
	s.curves = append(s.curves, c)
	early, late := spreadOf(took[10:30]), spreadOf(took[990:1010])
	s.reachedAt(commitLatency, times(late, early), fmt.Sprintf("the longest of twenty: %.2f", late.Max/early.Max))
	return nil
}

// measureUpserts is how long an upsert of 10,000 rows takes, by the size of the
// table that they are spread over, and of rows that lie next to each other.
func (s *suite) measureUpserts(ctx context.Context) error {
	sizes := []int{100_000, 1_000_000}
	if s.long {
		sizes = append(sizes, 10_000_000)
	}
	spreadOut, together := map[int]spread{}, map[int]spread{}
	c := curve{title: "table size, an upsert of 10,000 rows", axis: "rows in the table", unit: "ms"}
	for _, size := range sizes {
		s.progress("upsert of 10,000 rows: filling a table of %s", short(int64(size)))
		wide, near, err := s.upserts(ctx, size)
		if err != nil {
			return err
		}
		spreadOut[size], together[size] = wide, near
		c.points = append(c.points, point{float64(size), wide.Mid})
		s.note("offline upsert of 10,000 rows, ms", fmt.Sprint(size), "rows in the table, spread evenly", wide)
		s.note("offline upsert of 10,000 rows next to each other, ms", fmt.Sprint(size), "rows in the table", near)
	}
	s.curves = append(s.curves, c)
	few, many := sizes[0], sizes[len(sizes)-1]
	s.reachedAt(upsertLatency, times(spreadOut[many], spreadOut[few]),
		fmt.Sprintf("%s rows; %.2f for rows next to each other", short(int64(many)), together[many].Mid/together[few].Mid))
	return nil
}

// times is how often one median goes into another.
func times(a, b spread) spread { return single(a.Mid / b.Mid) }

func (s *suite) upserts(ctx context.Context, size int) (wide, near spread, err error) {
	const fill, changed = 10_000, 10_000
	p := newPool(feature.ByLog, 8, fill, 1<<40)
	t, err := openTable(ctx, p.schema(), parquet.Sink{})
	if err != nil {
		return wide, near, err
	}
	defer t.close()
	if err := t.fill(ctx, p, size, 100*fill); err != nil {
		return wide, near, err
	}
	var wides, nears []float64
	for range s.rounds {
		d, err := t.commit(ctx, p.pick(func(int) int { return rand.IntN(size) }, changed))
		if err != nil {
			return wide, near, err
		}
		wides = append(wides, float64(d.Microseconds())/1000)
		from := rand.IntN(size - changed + 1)
		if d, err = t.commit(ctx, p.pick(func(i int) int { return from + i }, changed)); err != nil {
			return wide, near, err
		}
		nears = append(nears, float64(d.Microseconds())/1000)
	}
	return spreadOf(wides), spreadOf(nears), nil
}

// pick makes a batch of rows that were in the log before: the same identities.
func (p pool) pick(which func(i int) int, n int) *feature.Rows {
	out := feature.NewRows(p.schema(), p.batches[0].TopicPartition)
	for i := range n {
		at := which(i)
		one := p.batches[at/p.size%len(p.batches)]
		row := at % p.size
		for c := range out.Columns {
			v := one.Columns[c].Value(row)
			if c == p.schema().Time() {
				v = timeOf(at)
			}
			if err := out.Columns[c].Append(v); err != nil {
				panic(err) // the value came from a column of this very type
			}
		}
		out.Add(one.Records[row], feature.Upsert)
	}
	out.Seal()
	return out
}
