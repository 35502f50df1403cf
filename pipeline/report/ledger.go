package report

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// Ledger writes what became of every row, a line a sink, and below it why rows
// were filtered, where that is known.
func Ledger(out io.Writer, l pipeline.Ledger) {
	names := slices.Sorted(maps.Keys(l.Sinks))
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "\tread\t=\twritten\tduplicate\tsuperseded\tlate\tfiltered\tdead\t\treplaced\t")
	for _, name := range names {
		t := l.Sinks[name]
		fmt.Fprintf(w, "  %s\t%s\t\t%s\t%s\t%s\t%s\t%s\t%s\t\t%s\t\n", name, Count(t.Read), Count(t.Written),
			Count(t.Duplicate), Count(t.Superseded), Count(t.Late), Count(t.Filtered), Count(t.Dead), Count(t.Replaced))
	}
	_ = w.Flush()
	for _, name := range names {
		if why := reasons(l.Sinks[name]); why != "" {
			fmt.Fprintf(out, "  filtered at %s: %s\n", name, why)
		}
	}
}

func reasons(t feature.Tally) string {
	var list []string
	for name, n := range t.Reasons.All() {
		list = append(list, Count(n)+" "+name)
	}
	return strings.Join(list, ", ")
}

// outcomes are the six that add up to what was read.
type outcomes struct {
	Written    int64 `json:"written"`
	Duplicate  int64 `json:"duplicate"`
	Superseded int64 `json:"superseded"`
	Late       int64 `json:"late"`
	Dead       int64 `json:"dead"`
	Filtered   int64 `json:"filtered"`
}

// why is what else is known of a sink's counts.
type why struct {
	Filtered feature.Reasons `json:"filtered"`
}

// JSON writes the ledger as one object on one line. The six counts of a sink
// add up to read; replaced stands beside them, and so do the reasons why rows
// were filtered.
func JSON(out io.Writer, l pipeline.Ledger) error {
	sinks, replaced, reasons := map[string]outcomes{}, map[string]int64{}, map[string]why{}
	for name, t := range l.Sinks {
		sinks[name] = outcomesOf(t)
		replaced[name] = t.Replaced
		if t.Reasons != (feature.Reasons{}) {
			reasons[name] = why{t.Reasons}
		}
	}
	return json.NewEncoder(out).Encode(struct {
		Read     int64               `json:"read"`
		Sinks    map[string]outcomes `json:"sinks"`
		Replaced map[string]int64    `json:"replaced"`
		Reasons  map[string]why      `json:"reasons,omitempty"`
	}{l.Read, sinks, replaced, reasons})
}

func outcomesOf(t feature.Tally) outcomes {
	return outcomes{t.Written, t.Duplicate, t.Superseded, t.Late, t.Dead, t.Filtered}
}
