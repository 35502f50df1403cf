// Package report shows a run to a person: progress while it lasts, and the
// ledger of each sink when it is over.
package report

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/tandemdata/tandem/pipeline"
)

// Progress shows how far a graph has got until ctx ends: a bar on a terminal,
// a line every two seconds elsewhere. Total is 0 where the end isn't known.
func Progress(ctx context.Context, out *os.File, g *pipeline.Graph, total int64) {
	bar := term.IsTerminal(int(out.Fd()))
	every := 2 * time.Second
	if bar {
		every = 100 * time.Millisecond
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	began := time.Now()
	for {
		select {
		case <-ctx.Done():
			if bar {
				fmt.Fprintf(out, "\r%s\n", line(g, total, began, bar))
			}
			return
		case <-tick.C:
			if bar {
				fmt.Fprintf(out, "\r%s", line(g, total, began, bar))
			} else {
				fmt.Fprintln(out, line(g, total, began, bar))
			}
		}
	}
}

func line(g *pipeline.Graph, total int64, began time.Time, bar bool) string {
	read, durable := taken(g), g.Ledger().Read
	rate := float64(read) / time.Since(began).Seconds()
	s := fmt.Sprintf("%s rows read, %s durable in every store, %s rows/s", Count(read), Count(durable), Count(int64(rate)))
	if !bar || total <= 0 {
		return s
	}
	const width = 30
	done := int(min(durable, total) * width / total)
	return "[" + strings.Repeat("█", done) + strings.Repeat("░", width-done) + "] " + s + "  "
}

// taken is what the sources have pushed: the nodes that nothing leads to.
func taken(g *pipeline.Graph) int64 {
	n := int64(0)
	for _, s := range g.Stats() {
		if s.Source {
			n += s.Rows
		}
	}
	return n
}

// Count writes a number with its thousands apart.
func Count(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Heading sets a part of the output off.
func Heading(out io.Writer, s string) { fmt.Fprintf(out, "\n%s\n", s) }
