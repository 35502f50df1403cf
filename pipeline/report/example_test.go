package report_test

import (
	"os"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/report"
)

// The ledger of a graph is g.Ledger(), while it runs or when it is over.
func ExampleJSON() {
	ledger := pipeline.Ledger{Read: 3, Sinks: map[string]feature.Tally{"online": {Read: 3, Written: 2, Duplicate: 1}}}
	_ = report.JSON(os.Stdout, ledger)
	// Output: {"read":3,"sinks":{"online":{"written":2,"duplicate":1,"superseded":0,"late":0,"dead":0,"filtered":0}},"replaced":{"online":0}}
}
