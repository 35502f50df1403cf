package crash

import (
	"fmt"
	"os"
	"sync/atomic"
	"syscall"
)

// Point is a place that rows pass on their way through a child.
type Point string

// The points, in the order in which rows pass them.
const (
	Polled       Point = "polled"
	Decoded      Point = "decoded"
	OnlineHalf   Point = "half of a batch is online"
	OnlineDone   Point = "online, and nobody knows"
	FileHalf     Point = "a data file is half written"
	FileUnsynced Point = "data files are written and not synced" // reached only where the child's file system is tapped
	FileSynced   Point = "data files are synced and not committed"
	Committed    Point = "offline is committed, and nobody knows"
	Finished     Point = "all is committed"
)

// Points are those of every child.
var Points = []Point{Polled, Decoded, OnlineHalf, OnlineDone, FileHalf, Committed, Finished}

// FilePoints are those of a child whose file system is tapped.
var FilePoints = []Point{FileUnsynced, FileSynced}

// Fault is what a child does to itself.
type Fault struct {
	Point Point          // default: it doesn't
	Pass  int32          // counted from 1: how often the point is passed before
	Do    syscall.Signal // default SIGKILL

	passes int32 // so far; atomic
}

// Reached is called where a point is, and doesn't return if the process ends there.
func (f *Fault) Reached(p Point) {
	if p != f.Point || atomic.AddInt32(&f.passes, 1) != f.Pass {
		return
	}
	signal := f.Do
	if signal == 0 {
		signal = syscall.SIGKILL
	}
	fmt.Fprintf(os.Stderr, "%v at pass %d of %q\n", signal, f.Pass, p)
	if err := syscall.Kill(os.Getpid(), signal); err != nil {
		panic(err)
	}
	if signal == syscall.SIGKILL {
		select {} // the signal is on its way
	}
}
