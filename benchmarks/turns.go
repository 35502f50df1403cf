package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
)

// contestant does its work once, and says how many rows its store holds or
// counted then. It starts and stops the clock itself.
type contestant struct {
	name string
	run  func(ctx context.Context, c *clock) (rows int64, err error)
}

// figure is what the trials of one contestant gave.
type figure struct {
	Part, Name string
	Rows       int64 // of one trial
	Cold       float64
	PerRow     []float64 // ns of each warm trial, in the order of the rounds
	CPU        float64   // ns a row, the median
	Allocs     float64   // a row
	Bytes      float64   // a row
}

func (f *figure) median() float64 { return median(f.PerRow) }

// rate is rows a second at the median.
func (f *figure) rate() float64 { return 1e9 / f.median() }

func median(list []float64) float64 {
	sorted := slices.Sorted(slices.Values(list))
	if len(sorted) == 0 {
		return 0
	}
	return sorted[len(sorted)/2]
}

// turns has contestants take turns in random order, the first of them twice a
// round, so that a machine that is busy now and then is so for all. The first
// round is cold and kept apart.
func (s *suite) turns(ctx context.Context, part string, all ...contestant) ([]*figure, error) {
	if len(all) > 1 {
		again := all[0]
		again.name += " again"
		all = slices.Insert(slices.Clone(all), 1, again)
	}
	figures := make([]*figure, len(all))
	for i, c := range all {
		figures[i] = &figure{Part: part, Name: c.name}
	}
	cpu := make([][]float64, len(all))
	for round := range s.rounds + 1 {
		for _, i := range rand.Perm(len(all)) {
			s.progress("%s: %s, round %d of %d", part, all[i].name, round, s.rounds)
			c, rows, err := trial(ctx, all[i])
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %w", part, all[i].name, err)
			}
			f, n := figures[i], float64(rows)
			if round == 0 {
				f.Rows, f.Cold = rows, float64(c.took)/n
				continue
			}
			f.PerRow = append(f.PerRow, float64(c.took)/n)
			cpu[i] = append(cpu[i], float64(c.cpu)/n)
			f.Allocs, f.Bytes = float64(c.allocs)/n, float64(c.bytes)/n
		}
	}
	for i, f := range figures {
		f.CPU = median(cpu[i])
		s.figures = append(s.figures, f)
	}
	return figures, nil
}

// trial runs one contestant, from a heap that holds nobody's garbage.
func trial(ctx context.Context, who contestant) (c clock, rows int64, err error) {
	runtime.GC()
	rows, err = who.run(ctx, &c)
	if err == nil && rows <= 0 {
		err = fmt.Errorf("it counted %d rows", rows)
	}
	return c, rows, err
}

// ratio is how fast a is beside b, round by round.
func ratio(a, b *figure) spread {
	var list []float64
	for i := range a.PerRow {
		list = append(list, b.PerRow[i]/a.PerRow[i])
	}
	return spreadOf(list)
}

// spread is a median with its least and greatest value.
type spread struct{ Mid, Min, Max float64 }

func spreadOf(list []float64) spread {
	if len(list) == 0 {
		return spread{}
	}
	return spread{median(list), slices.Min(list), slices.Max(list)}
}
