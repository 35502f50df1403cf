package status

import (
	"sync/atomic"
	"time"
)

// Bounds are the upper bounds of a Histogram's buckets but for the last, which has none.
var Bounds = [...]time.Duration{
	5 * time.Millisecond, 10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2500 * time.Millisecond, 5 * time.Second, 10 * time.Second, 30 * time.Second,
	time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour,
}

// Histogram counts durations: in Counts by the first bound that each isn't above.
type Histogram struct {
	Counts [len(Bounds) + 1]int64
	Sum    time.Duration
}

// Count is how many there are.
func (h Histogram) Count() int64 {
	n := int64(0)
	for _, c := range h.Counts {
		n += c
	}
	return n
}

// Quantile is the bound that the given share of them isn't above; the largest one
// where they are above that too, and 0 where there are none.
func (h Histogram) Quantile(share float64) time.Duration {
	n, want := int64(0), share*float64(h.Count())
	for i, c := range h.Counts {
		if n += c; n > 0 && float64(n) >= want {
			return Bounds[min(i, len(Bounds)-1)]
		}
	}
	return 0
}

// Sub is what has been counted since an earlier state.
func (h Histogram) Sub(earlier Histogram) Histogram {
	for i := range h.Counts {
		h.Counts[i] -= earlier.Counts[i]
	}
	h.Sum -= earlier.Sum
	return h
}

// Timer is a Histogram that several goroutines add to. Its zero value is ready.
type Timer struct {
	counts [len(Bounds) + 1]atomic.Int64
	sum    atomic.Int64
}

// Add counts n times a duration. A negative one, of a clock that is ahead of
// ours, is counted as zero.
func (t *Timer) Add(d time.Duration, n int64) {
	d = max(d, 0)
	i := 0
	for i < len(Bounds) && d > Bounds[i] {
		i++
	}
	t.counts[i].Add(n)
	t.sum.Add(int64(d) * n)
}

// Reset forgets all.
func (t *Timer) Reset() {
	for i := range t.counts {
		t.counts[i].Store(0)
	}
	t.sum.Store(0)
}

// Now is what was counted so far.
func (t *Timer) Now() Histogram {
	var h Histogram
	for i := range t.counts {
		h.Counts[i] = t.counts[i].Load()
	}
	h.Sum = time.Duration(t.sum.Load())
	return h
}
