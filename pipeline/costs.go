package pipeline

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"
)

// String is a table for people.
func (m Measured) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "node\trows\trows/s\tbusy\tblocked\tqueue\tmost\tallocs/row\tbytes/row\t")
	for _, n := range m.Nodes {
		busy := short(n.Busy)
		if n.Source {
			busy = "-"
		}
		fmt.Fprintf(w, "%s\t%d\t%.0f\t%s\t%s\t%.1f\t%d\t%.2f\t%.0f\t\n", n.Node, n.Rows, n.Rate(m.Took), busy, short(n.Blocked),
			n.Queue, n.QueueMost, each(n.Allocs, n.Rows), each(n.Bytes, n.Rows))
	}
	_ = w.Flush()
	fmt.Fprintf(&b, "%d rows in %s: %.0f rows/s. The process made %.2f allocations and %.0f bytes a row. The others wait for %q.\n",
		m.Rows, short(m.Took), float64(m.Rows)/m.Took.Seconds(), each(m.Allocs, m.Rows), each(m.Bytes, m.Rows), m.Bottleneck())
	return b.String()
}

// Rate is the rows a second that the node took over that time.
func (n NodeStats) Rate(over time.Duration) float64 {
	return float64(n.Rows) / max(over, 1).Seconds()
}

func short(d time.Duration) string { return fmt.Sprintf("%.3gs", d.Seconds()) }

func each(n, rows int64) float64 { return float64(n) / float64(max(rows, 1)) }
