package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"runtime"
	"runtime/metrics"
	"time"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/pipelinetest"
	"github.com/tandemdata/tandem/stages"
)

// measureWindow is what dedup's state of many keys takes, and the longest that a
// row waited for it, the collector's pauses among it.
func (s *suite) measureWindow(ctx context.Context) error {
	const size = 1000
	n := 10_000_000
	g := feature.Group{Name: "keys", PrimaryKey: []string{"id"}}
	sch, err := feature.NewSchema(g, []feature.Field{{Name: "id", Kind: feature.Int64}, {Name: "v", Kind: feature.Int64}})
	if err != nil {
		return err
	}
	st, err := stages.Dedup{MaxKeys: n}.Open(ctx, pipelinetest.NewNode("dedup", newLane(0), sch, nil))
	if err != nil {
		return err
	}
	rows := keyRows(sch, size)
	before := heapInUse()
	var longest, busy time.Duration
	for at := 0; at < n; at += size {
		if at%1_000_000 == 0 {
			s.progress("dedup state: %s of %s keys", short(int64(at)), short(int64(n)))
		}
		next := renumbered(rows, at)
		began := time.Now()
		if err := st.Process(ctx, next, func(*feature.Rows) {}); err != nil {
			return err
		}
		took := time.Since(began)
		longest, busy = max(longest, took), busy+took
	}
	perKey := float64(heapInUse()-before) / float64(n)
	runtime.KeepAlive(st)
	s.note("dedup, 10 M keys", "bytes a key", "heap after a collection", spread{perKey, perKey, perKey})
	s.note("dedup, 10 M keys", "ns a row", "all of them new", single(float64(busy)/float64(n)))
	s.note("dedup, 10 M keys", "longest wait of a batch of 1,000, ms", "growth of the state and the collector included", single(longest.Seconds()*1000))
	s.note("dedup, 10 M keys", "longest pause of the collector, ms", "of the process so far", single(worstPause()*1000))
	s.reachedAt(windowState, single(perKey), fmt.Sprintf("longest wait %.1f ms", longest.Seconds()*1000))
	if longest > 20*time.Millisecond {
		s.missed(windowState)
	}
	return nil
}

func single(v float64) spread { return spread{v, v, v} }

func keyRows(s *feature.Schema, n int) *feature.Rows {
	rows := feature.NewRows(s, feature.TopicPartition{Topic: "rows"})
	for i := range n {
		for c := range rows.Columns {
			if err := rows.Columns[c].Append(int64(i)); err != nil {
				panic(err) // both are longs
			}
		}
		rows.Add(feature.Record{Offset: int64(i), Key: binary.BigEndian.AppendUint64(nil, uint64(i))}, feature.Upsert)
	}
	return rows
}

// renumbered has rows with keys and offsets from at on.
func renumbered(rows *feature.Rows, at int) *feature.Rows {
	out := feature.NewRows(rows.Schema, rows.TopicPartition)
	out.Ops = rows.Ops
	out.Records = append(out.Records, rows.Records...)
	copy(out.Columns, rows.Columns)
	out.Columns[0].Int64s = make([]int64, rows.Len())
	for i := range rows.Len() {
		out.Columns[0].Int64s[i] = int64(at + i)
		out.Records[i].Offset = int64(at + i)
	}
	out.Spans = []feature.Span{{From: int64(at), To: int64(at + rows.Len())}}
	out.Outcomes[feature.Online], out.Outcomes[feature.Offline] = make([]feature.Outcome, rows.Len()), make([]feature.Outcome, rows.Len())
	out.Seal()
	return out
}

func heapInUse() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// worstPause is the upper bound of the longest stop-the-world pause, in seconds.
func worstPause() float64 {
	list := []metrics.Sample{{Name: "/sched/pauses/total/gc:seconds"}}
	metrics.Read(list)
	h := list[0].Value.Float64Histogram()
	worst := 0.0
	for i, n := range h.Counts {
		if n > 0 {
			worst = h.Buckets[i]
		}
	}
	return worst
}
