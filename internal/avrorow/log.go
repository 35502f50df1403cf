package avrorow

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Log describes a partition's records. Fractions are of all records, between 0
// and 1, and together at most 1; what remains is new rows in order.
type Log struct {
	Seed  uint64
	Keys  int       // default 1000
	Start time.Time // default 2026-01-01 UTC; each record is a millisecond after the one before

	Late        float64 // rows whose event time lies before Start
	Duplicate   float64 // records again that were among the last thousand
	Delete      float64 // null values
	Undecodable float64 // bodies cut short
}

// Counts is what a generator has made so far.
type Counts struct{ Fresh, Late, Duplicate, Deleted, Undecodable int }

// recent is how far back a duplicate reaches.
const recent = 1000

// Generator makes the records of a Log: the same ones for the same settings.
type Generator struct {
	Counts Counts

	log  Log
	rand *rand.Rand
	enc  *Encoder
	next int64
	last []feature.Record // upserts that can be sent again
}

// Open starts the log at offset 0.
func (l Log) Open() *Generator {
	if l.Keys == 0 {
		l.Keys = 1000
	}
	if l.Start.IsZero() {
		l.Start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return &Generator{log: l, rand: rand.New(rand.NewPCG(l.Seed, 20)), enc: NewEncoder()}
}

// Records makes the next n.
func (g *Generator) Records(n int) []feature.Record {
	list := make([]feature.Record, n)
	for i := range list {
		list[i] = g.Next()
	}
	return list
}

// Next makes the next record.
func (g *Generator) Next() feature.Record {
	rec := g.make(g.rand.Float64())
	rec.Offset = g.next
	rec.Timestamp = g.now().UnixMilli()
	g.next++
	return rec
}

// make picks a kind of record by x, which is even between 0 and 1.
func (g *Generator) make(x float64) feature.Record {
	late := g.log.Late
	duplicate := late + g.log.Duplicate
	deleted := duplicate + g.log.Delete
	undecodable := deleted + g.log.Undecodable
	switch {
	case x < late:
		g.Counts.Late++
		return g.upsert(g.log.Start.Add(-time.Duration(g.next+1) * time.Millisecond))
	case x < duplicate && len(g.last) > 0:
		g.Counts.Duplicate++
		return g.last[g.rand.IntN(len(g.last))]
	case x < deleted && x >= duplicate:
		g.Counts.Deleted++
		return feature.Record{Key: g.key()}
	case x < undecodable && x >= deleted:
		g.Counts.Undecodable++
		row := g.Row(g.now())
		body := g.enc.Encode(&row)
		return feature.Record{Key: []byte(row.EntityID), Value: body[:g.rand.IntN(len(body))]}
	}
	g.Counts.Fresh++
	return g.upsert(g.now())
}

func (g *Generator) now() time.Time { return g.log.Start.Add(time.Duration(g.next) * time.Millisecond) }

func (g *Generator) key() []byte { return fmt.Appendf(nil, "entity-%010d", g.rand.IntN(g.log.Keys)) }

func (g *Generator) upsert(at time.Time) feature.Record {
	row := g.Row(at)
	rec := feature.Record{Key: []byte(row.EntityID), Value: g.enc.Encode(&row)}
	if len(g.last) < recent {
		g.last = append(g.last, rec)
	} else {
		g.last[g.next%recent] = rec
	}
	return rec
}

var (
	regions   = []string{"eu-west-1", "us-east-1", "ap-south-1", "us-west-2"}
	devices   = []string{"android", "ios", "web", "smart-tv", "desktop"}
	countries = []string{"NL", "DE", "US", "IN", "BR", "JP"}
)

// Row makes a row of a key at random, with the given event time.
func (g *Generator) Row(at time.Time) Row {
	r := g.rand
	id := g.key()
	row := Row{
		EntityID: string(id), UserID: r.Int64N(1e6) * 7919, SessionID: fmt.Sprintf("s-%016x", r.Uint64()),
		EventTime: at, IngestTime: at.Add(time.Duration(r.IntN(500)) * time.Millisecond),
		Region: regions[r.IntN(len(regions))], Device: devices[r.IntN(len(devices))],
		Score: r.Float64(), CTR: r.Float64() / 10, Price: math.Round(r.Float64()*10000) / 100, F1: r.NormFloat64(),
		Count1d: r.Int64N(50), Count7d: r.Int64N(400), Active: r.IntN(2) == 0, Age: r.Int32N(90), ModelVersion: "v2026.01.15",
		Embedding: make([]float32, 16),
	}
	if r.IntN(10) > 0 {
		row.Country = &countries[r.IntN(len(countries))]
	}
	if r.IntN(10) > 1 {
		row.F2 = new(r.NormFloat64())
	}
	if r.IntN(10) > 2 {
		row.Count30d = new(r.Int64N(2000))
	}
	for i := range row.Embedding {
		row.Embedding[i] = r.Float32()
	}
	return row
}
