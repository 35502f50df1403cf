package sinktest

import (
	"fmt"
	"math/rand/v2"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// greatestWins interleaves lanes at random, with flushes at random between, so
// that rows of a key meet in one write, in several, and in several commits.
func greatestWins(f *fixture) {
	s := rowgen.Realistic(f.order, "entity_id", "user_id")
	m := newModel(s, f.target.Store())
	for _, n := range []uint64{31, 32} {
		x := f.open(s)
		seed := f.seed(n)
		r := rand.New(rand.NewPCG(seed, 1))
		lanes, queues := []*feature.Lane{}, [][]*feature.Rows{}
		for p := range int32(3) {
			place := at(p + int32(n-31)*10) // the second round comes by other lanes, by event time to the same keys
			g := f.gen(s, seed, place.Partition)
			g.Times, g.Deletes = 5, 25
			lanes, queues = append(lanes, x.lane(place)), append(queues, batches(g, place.Partition, 12, 1+r.IntN(25)))
		}
		for left := 3 * 12; left > 0; left-- {
			p := r.IntN(3)
			for len(queues[p]) == 0 {
				p = (p + 1) % 3
			}
			x.write(lanes[p], queues[p][0])
			m.add(queues[p][0])
			queues[p] = queues[p][1:]
			if r.IntN(6) == 0 {
				x.flush()
			}
		}
		x.flush()
		f.holds(m)
		x.close()
		f.holds(m)
	}
}

// tie is two rows of one key and which of them is the newer by event time.
type tie struct {
	name    string
	a, b    rowgen.Row
	newerIs byte
}

var tiesByTime = []tie{
	{"later time", rowgen.Row{Offset: 9, Time: 1_000}, rowgen.Row{Offset: 3, Time: 2_000}, 'b'},
	{"before 1970", rowgen.Row{Offset: 3, Time: -5_000}, rowgen.Row{Offset: 9, Time: -6_000}, 'a'},
	{"around 1970", rowgen.Row{Offset: 9, Time: -1}, rowgen.Row{Offset: 3, Time: 1}, 'b'},
	{"at 1970", rowgen.Row{Offset: 3, Time: 0}, rowgen.Row{Offset: 9, Time: -1}, 'a'},
	{"same time, later offset", rowgen.Row{Offset: 255, Time: 5_000}, rowgen.Row{Offset: 256, Time: 5_000}, 'b'},
	{"same time, wide offsets", rowgen.Row{Offset: 1 << 40, Time: 5_000}, rowgen.Row{Offset: 1<<32 - 1, Time: 5_000}, 'a'},
	{"same time and offset, greater partition", rowgen.Row{Offset: 7, Time: 5_000}, rowgen.Row{Offset: 7, Time: 5_000}, 'b'},
	{"same time, delete above upsert", rowgen.Row{Offset: 3, Time: 5_000, Op: feature.Delete}, rowgen.Row{Offset: 9, Time: 5_000}, 'a'},
	{"later upsert above delete", rowgen.Row{Offset: 9, Time: 5_000, Op: feature.Delete}, rowgen.Row{Offset: 3, Time: 5_001}, 'b'},
	{"late upsert below delete", rowgen.Row{Offset: 9, Time: 4_999}, rowgen.Row{Offset: 3, Time: 5_000, Op: feature.Delete}, 'b'},
	{"late delete below upsert", rowgen.Row{Offset: 9, Time: 4_999, Op: feature.Delete}, rowgen.Row{Offset: 3, Time: 5_000}, 'b'},
}

// ties sends pairs by hand, so that the suite's own model is tested too.
func ties(f *fixture) {
	if f.order == feature.ByEventTime {
		tiesByEventTime(f)
		return
	}
	s := rowgen.Timed(f.order)
	x := f.open(s)
	lane := x.lane(at(0))
	x.write(lane, rowgen.Batch(s, at(0),
		rowgen.Row{Offset: 0, Key: "kept", Time: 9_000, Value: 1},
		rowgen.Row{Offset: 1, Key: "kept", Time: 1_000, Value: 2},
		rowgen.Row{Offset: 2, Key: "gone", Time: 9_000, Value: 3},
		rowgen.Row{Offset: 3, Key: "gone", Time: 9_000, Op: feature.Delete},
		rowgen.Row{Offset: 4, Key: "back", Time: 9_000, Op: feature.Delete},
		rowgen.Row{Offset: 5, Key: "back", Time: 9_000, Value: 4},
	))
	x.flush()
	want := map[string]int64{"kept@1": 1, "back@5": 1}
	if f.target.Store() == feature.Offline {
		want["kept@0"], want["gone@3"] = 1, 1
	}
	f.holdsOffsets(s, want)
}

// tiesByEventTime sends each pair in both orders, in one commit and in two.
func tiesByEventTime(f *fixture) {
	s := rowgen.Timed(f.order)
	want := map[string]int64{}
	for i, way := range []string{"ab", "ba", "a,b", "b,a"} {
		x := f.open(s)
		for k, tie := range tiesByTime {
			tie.a.Key = fmt.Sprintf("%s %s", tie.name, way)
			tie.b.Key = tie.a.Key
			first, second := int32(100*i+2*k), int32(100*i+2*k+1)
			send := map[byte]func(){
				'a': func() { x.write(x.lane(at(first)), rowgen.Batch(s, at(first), tie.a)) },
				'b': func() { x.write(x.lane(at(second)), rowgen.Batch(s, at(second), tie.b)) },
			}
			for _, c := range []byte(way) {
				if c == ',' {
					x.flush()
				} else {
					send[c]()
				}
			}
			tie.expect(want, f.target.Store())
		}
		x.flush()
		x.close()
	}
	f.holdsOffsets(s, want)
}

func (t tie) expect(want map[string]int64, store feature.Store) {
	newer, older := t.a, t.b
	if t.newerIs == 'b' {
		newer, older = t.b, t.a
	}
	if store == feature.Offline || newer.Op == feature.Upsert {
		want[fmt.Sprintf("%s@%d", newer.Key, newer.Offset)]++
	}
	if store == feature.Offline && older.Time != newer.Time {
		want[fmt.Sprintf("%s@%d", older.Key, older.Offset)]++
	}
}

// holdsOffsets compares by key and offset alone.
func (f *fixture) holdsOffsets(s *feature.Schema, want map[string]int64) {
	f.Helper()
	got := map[string]int64{}
	for _, row := range f.scan(s) {
		got[fmt.Sprintf("%v@%d", row.Values[0], row.Version.Offset)]++
	}
	for k, n := range want {
		if got[k] != n {
			f.Errorf("%q: %d rows in the store, want %d", k, got[k], n)
		}
	}
	for k := range got {
		if want[k] == 0 {
			f.Errorf("%q: should not be there", k)
		}
	}
}
