package main

import (
	"runtime/metrics"
	"syscall"
	"time"
)

// clock measures a trial from start to stop; what is set up before and cleaned
// up after is not counted.
type clock struct {
	took, cpu     time.Duration
	allocs, bytes int64

	began reading
}

type reading struct {
	at            time.Time
	cpu           time.Duration
	allocs, bytes int64
}

func (c *clock) start() { c.began = read() }

func (c *clock) stop() {
	now := read()
	c.took += now.at.Sub(c.began.at)
	c.cpu += now.cpu - c.began.cpu
	c.allocs += now.allocs - c.began.allocs
	c.bytes += now.bytes - c.began.bytes
}

// read is how far the process has got: its clock, its time on all CPUs, and what
// it has allocated.
func read() reading {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // fails for a bad pointer only
	heap := []metrics.Sample{{Name: "/gc/heap/allocs:objects"}, {Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(heap)
	return reading{
		time.Now(), time.Duration(u.Utime.Nano() + u.Stime.Nano()),
		int64(heap[0].Value.Uint64()), int64(heap[1].Value.Uint64()),
	}
}
