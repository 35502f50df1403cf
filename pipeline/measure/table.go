package measure

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"
)

// String is a table for people.
func (r Report) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "node\trows\trows/s\tbusy\tblocked\tqueue\tmost\t")
	for _, n := range r.Nodes {
		busy := seconds(n.Busy)
		if n.Source {
			busy = "-"
		}
		fmt.Fprintf(w, "%s\t%d\t%.0f\t%s\t%s\t%.1f\t%d\t\n", n.Node, n.Rows, n.Rate(r.Took), busy, seconds(n.Blocked), n.Queue, n.QueueMost)
	}
	_ = w.Flush()
	fmt.Fprintf(&b, "%d rows in %s: %.0f rows/s. The process made %.2f allocations and %.0f bytes a row. The others wait for %q.\n",
		r.Rows, seconds(r.Took), float64(r.Rows)/r.Took.Seconds(), each(r.Allocs, r.Rows), each(r.Bytes, r.Rows), r.Bottleneck())
	return b.String()
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3gs", d.Seconds()) }

func each(n, rows int64) float64 { return float64(n) / float64(max(rows, 1)) }
