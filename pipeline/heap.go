package pipeline

import (
	"math"
	"runtime"
	"runtime/metrics"
	"strings"
)

// heap is what was allocated so far, by all of the process and by node.
type heap struct {
	total amount
	nodes map[int]amount // by the number in the stack; 0 is everything else
}

type amount struct{ allocs, bytes int64 }

func (a amount) minus(b amount) amount { return amount{a.allocs - b.allocs, a.bytes - b.bytes} }

// readHeap reads the exact counts and the samples. A sample shows up two
// collections after its allocation at the latest.
func readHeap() heap {
	h := heap{allocated(), map[int]amount{}}
	runtime.GC()
	runtime.GC()
	for _, r := range samples() {
		n, a := numberOf(r.Stack()), scaled(r)
		h.nodes[n] = amount{h.nodes[n].allocs + a.allocs, h.nodes[n].bytes + a.bytes}
	}
	return h
}

func (h heap) since(before heap) heap {
	d := heap{h.total.minus(before.total), map[int]amount{}}
	for n, a := range h.nodes {
		d.nodes[n] = a.minus(before.nodes[n])
	}
	return d
}

func allocated() amount {
	list := []metrics.Sample{
		{Name: "/gc/heap/allocs:objects"}, {Name: "/gc/heap/tiny/allocs:objects"}, {Name: "/gc/heap/allocs:bytes"},
	}
	metrics.Read(list)
	return amount{int64(list[0].Value.Uint64() + list[1].Value.Uint64()), int64(list[2].Value.Uint64())}
}

func samples() []runtime.MemProfileRecord {
	n, _ := runtime.MemProfile(nil, true)
	for {
		list := make([]runtime.MemProfileRecord, n+50) // more may come meanwhile
		var ok bool
		if n, ok = runtime.MemProfile(list, true); ok {
			return list[:n]
		}
	}
}

// scaled undoes the sampling: an allocation of b bytes is in the profile with the
// probability 1 - exp(-b/rate).
func scaled(r runtime.MemProfileRecord) amount {
	if r.AllocObjects == 0 {
		return amount{}
	}
	rate := float64(runtime.MemProfileRate)
	if rate <= 1 {
		return amount{r.AllocObjects, r.AllocBytes}
	}
	size := float64(r.AllocBytes) / float64(r.AllocObjects)
	by := 1 / (1 - math.Exp(-size/rate))
	return amount{int64(float64(r.AllocObjects) * by), int64(float64(r.AllocBytes) * by)}
}

// numberOf reads the node's number from a stack, or 0 where there is none, as
// where the stack was cut off before its first bit.
func numberOf(stack []uintptr) int {
	number := 0
	frames := runtime.CallersFrames(stack)
	for {
		f, more := frames.Next()
		switch name, _ := strings.CutPrefix(f.Function, "github.com/tandemdata/tandem/pipeline."); name {
		case "bit0":
			number <<= 1
		case "bit1":
			number = number<<1 | 1
		case "numbered":
			return number
		}
		if !more {
			return 0
		}
	}
}
