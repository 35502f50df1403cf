package console

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// Ledger writes what became of every row, a line a sink.
func Ledger(out io.Writer, l pipeline.Ledger) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "\tread\t=\twritten\tduplicate\tsuperseded\tlate\tfiltered\tdead\t\treplaced\t")
	for _, name := range slices.Sorted(maps.Keys(l.Sinks)) {
		t := l.Sinks[name]
		fmt.Fprintf(w, "  %s\t%s\t\t%s\t%s\t%s\t%s\t%s\t%s\t\t%s\t\n", name, Count(t.Read), Count(t.Written),
			Count(t.Duplicate), Count(t.Superseded), Count(t.Late), Count(t.Filtered), Count(t.Dead), Count(t.Replaced))
	}
	_ = w.Flush()
}

// fates are the six that add up to what was read.
type fates struct {
	Written    int64 `json:"written"`
	Duplicate  int64 `json:"duplicate"`
	Superseded int64 `json:"superseded"`
	Late       int64 `json:"late"`
	Dead       int64 `json:"dead"`
	Filtered   int64 `json:"filtered"`
}

// JSON writes the ledger as one object on one line. The six counts of a sink
// add up to read; replaced stands beside them.
func JSON(out io.Writer, l pipeline.Ledger) error {
	sinks, replaced := map[string]fates{}, map[string]int64{}
	for name, t := range l.Sinks {
		sinks[name] = fatesOf(t)
		replaced[name] = t.Replaced
	}
	return json.NewEncoder(out).Encode(struct {
		Read     int64            `json:"read"`
		Sinks    map[string]fates `json:"sinks"`
		Replaced map[string]int64 `json:"replaced"`
	}{l.Read, sinks, replaced})
}

func fatesOf(t feature.Tally) fates {
	return fates{t.Written, t.Duplicate, t.Superseded, t.Late, t.Dead, t.Filtered}
}
