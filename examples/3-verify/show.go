package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/tandemdata/tandem/pipeline/report"
	"github.com/tandemdata/tandem/sinks/insync"
)

// shown tells a person how far a verification is: in one line that is written
// again and again on a terminal, by a line now and then elsewhere.
type shown struct {
	out   io.Writer
	bar   bool
	began time.Time

	mu    sync.Mutex
	last  time.Time
	steps map[string]step
}

type step struct{ done, total int64 }

// phases are the steps in the order in which they are shown.
var phases = []string{"offline", "online", "keys", "looked at again"}

func show(out io.Writer, v *insync.Verify) *shown {
	s := &shown{out: out, began: time.Now(), last: time.Now(), steps: map[string]step{}}
	if f, ok := out.(*os.File); ok {
		s.bar = term.IsTerminal(int(f.Fd()))
	}
	v.Started, v.Step = s.plan, s.step
	return s
}

func (s *shown) plan(p insync.Plan) {
	fmt.Fprintf(s.out, "snapshot %s of %s: %s offline rows; scratch disk: about %s MiB, and as much again for so many keys online\n",
		p.Snapshot, p.At.UTC().Format(time.RFC3339), report.Count(p.Rows), report.Count(p.Scratch>>20))
}

func (s *shown) step(what string, done, total int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	every := 2 * time.Second
	if s.bar {
		every = 100 * time.Millisecond
	}
	s.steps[what] = step{done, total}
	if time.Since(s.last) < every {
		return
	}
	s.last = time.Now()
	s.line()
}

func (s *shown) line() {
	var parts []string
	for _, what := range phases {
		at, ok := s.steps[what]
		switch {
		case !ok:
		case what == "keys":
			parts = append(parts, fmt.Sprintf("compared %d %%", 100*at.done/max(at.total, 1)))
		case at.total > 0:
			parts = append(parts, fmt.Sprintf("%s %s of %s", what, report.Count(at.done), report.Count(at.total)))
		default:
			parts = append(parts, fmt.Sprintf("%s %s", what, report.Count(at.done)))
		}
	}
	text := fmt.Sprintf("%v: %s", time.Since(s.began).Round(time.Second), strings.Join(parts, ", "))
	if s.bar {
		fmt.Fprintf(s.out, "\r%s\033[K", text)
		return
	}
	fmt.Fprintln(s.out, text)
}

func (s *shown) end() {
	if s.bar {
		fmt.Fprint(s.out, "\r\033[K")
	}
	fmt.Fprintf(s.out, "took %v\n", time.Since(s.began).Round(time.Millisecond))
}
