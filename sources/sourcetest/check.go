package sourcetest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Records are n made-up ones with values that tell them apart: value i begins with "i:".
func Records(rng *rand.Rand, n int) []feature.Record {
	out := make([]feature.Record, n)
	for i := range out {
		out[i].Key = fmt.Appendf(nil, "k%d", rng.IntN(50))
		out[i].Value = append(fmt.Appendf(nil, "%d:", i), make([]byte, rng.IntN(64))...)
		for h := range rng.IntN(3) {
			out[i].Headers = append(out[i].Headers, feature.Header{Key: fmt.Sprintf("h%d", h), Value: []byte{byte(i)}})
		}
	}
	return out
}

// seeded prints its seed, so that a failure can be had again.
func seeded(t testing.TB) *rand.Rand {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// Got is all that the lanes of a partition were handed, one after another.
func Got(lanes []Lane, partition int32) (out []feature.Record) {
	for _, l := range lanes {
		if l.Partition == partition {
			for _, p := range l.Pushes {
				out = append(out, p.List...)
			}
		}
	}
	return out
}

func all(partition int32, n int) func([]Lane) bool {
	return func(lanes []Lane) bool { return len(Got(lanes, partition)) >= n }
}

// same compares what was appended with what came.
func same(t testing.TB, want, got []feature.Record) {
	t.Helper()
	if len(want) != len(got) {
		t.Fatalf("%d records came of %d", len(got), len(want))
	}
	for i := range want {
		if !equal(want[i], got[i]) {
			t.Fatalf("record %d came as %+v, not %+v", i, got[i], want[i])
		}
		if i > 0 && got[i].Offset <= got[i-1].Offset {
			t.Fatalf("record %d has offset %d after offset %d", i, got[i].Offset, got[i-1].Offset)
		}
	}
}

// equal allows for headers that the source adds.
func equal(a, b feature.Record) bool {
	for _, h := range a.Headers {
		if !slices.ContainsFunc(b.Headers, func(o feature.Header) bool { return o.Key == h.Key && bytes.Equal(o.Value, h.Value) }) {
			return false
		}
	}
	return bytes.Equal(a.Key, b.Key) && bytes.Equal(a.Value, b.Value) && (a.Value == nil) == (b.Value == nil)
}

// meet checks that each lane's spans are adjacent, hold their records, and are
// replayed as a whole or not at all.
func meet(t testing.TB, lanes []Lane) {
	t.Helper()
	for _, l := range lanes {
		for i, p := range l.Pushes {
			if i > 0 && p.Span.From != l.Pushes[i-1].Span.To {
				t.Errorf("partition %d: span %v follows %v", l.Partition, p.Span, l.Pushes[i-1].Span)
			}
			if p.Span.To <= p.Span.From {
				t.Errorf("partition %d: span %v is empty", l.Partition, p.Span)
			}
			if p.Span.From < l.Start && p.Span.To > l.Start {
				t.Errorf("partition %d: span %v crosses the start at %d", l.Partition, p.Span, l.Start)
			}
			for _, r := range p.List {
				if r.Offset < p.Span.From || r.Offset >= p.Span.To {
					t.Errorf("partition %d: offset %d lies outside of its span %v", l.Partition, r.Offset, p.Span)
				}
			}
		}
	}
}

func describe(lanes []Lane) (out []string) {
	for _, l := range lanes {
		n := 0
		to := int64(-1)
		for _, p := range l.Pushes {
			n, to = n+len(p.List), p.Span.To
		}
		out = append(out, fmt.Sprintf("%s/%d@%d: %d records up to %d, ended %v", l.Topic, l.Partition, l.Start, n, to, l.Ended))
	}
	return out
}
