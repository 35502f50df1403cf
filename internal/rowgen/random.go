package rowgen

import (
	"math/rand/v2"
	"time"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Gen makes random batches. The same settings and calls give the same rows.
type Gen struct {
	Schema   *feature.Schema
	Seed     uint64
	Keys     int  // default 100: how many primary keys there are
	FirstKey int  // the number of the first key, so that lanes can have keys of their own
	Times    int  // default 0: each row has a later event time than the one before; else one of so many
	Deletes  int  // of 100 rows
	Gaps     bool // offsets leave some out
	Spans    int  // default 1: spans a batch is cut into
	Extremes bool // values that stores get wrong

	rand *rand.Rand
	made int64 // rows so far
}

// Base is where event times and record timestamps begin: 2026-01-01.
var Base = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Batch makes n rows that begin at an offset.
func (g *Gen) Batch(p feature.TopicPartition, from int64, n int) *feature.Rows {
	if g.rand == nil {
		g.rand = rand.New(rand.NewPCG(g.Seed, 0x7a6d))
	}
	b := NewBuilder(g.Schema, p, from)
	cuts := max(g.Spans, 1)
	offset := from
	for i := range n {
		if i > 0 && i*cuts/n != (i-1)*cuts/n {
			b.Cut(offset)
		}
		if g.Gaps && g.rand.IntN(4) == 0 {
			offset += 1 + g.rand.Int64N(3)
		}
		g.add(b, offset)
		offset++
		g.made++
	}
	return b.Rows()
}

func (g *Gen) add(b *Builder, offset int64) {
	rec := feature.Record{Offset: offset, Timestamp: Base.UnixMilli() + g.made}
	op := feature.Upsert
	if g.rand.IntN(100) < g.Deletes {
		op = feature.Delete
	}
	k := g.FirstKey + g.rand.IntN(defaulted(g.Keys, 100))
	values := make([]any, len(g.Schema.Fields))
	bare := op == feature.Delete && g.rand.IntN(2) == 0 // a null value: nothing but the key
	for i, f := range g.Schema.Fields {
		switch {
		case g.Schema.IsKey(i):
			values[i] = Key(f, k)
		case bare:
		case i == g.Schema.Time():
			values[i] = g.time(f)
		default:
			values[i] = g.value(f)
		}
	}
	b.Add(rec, op, values...)
}

// time steps by a second, or by a day where that is the unit.
func (g *Gen) time(f feature.Field) any {
	step := g.made
	if g.Times > 0 {
		step = g.rand.Int64N(int64(g.Times))
	}
	unit := g.Schema.TimeUnit()
	if f.Kind == feature.Int32 {
		return int32(Base.Unix()/86400 + step)
	}
	return (Base.UnixMilli()*int64(time.Millisecond))/int64(unit) + step*int64(time.Second/unit)
}

func (g *Gen) value(f feature.Field) any {
	if f.Nullable && g.rand.IntN(5) == 0 {
		return nil
	}
	if g.Extremes {
		return g.extreme(f)
	}
	return g.tame(f)
}

func defaulted(n, d int) int {
	if n == 0 {
		return d
	}
	return n
}
