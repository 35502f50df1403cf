package feature_test

import (
	"testing"

	"github.com/tandemdata/tandem/pipeline/feature"
)

func TestATallyReadsAsItsSum(t *testing.T) {
	var tally feature.Tally
	if got := tally.String(); got != "read 0 = 0" {
		t.Errorf("nothing reads as %q", got)
	}
	for _, o := range []feature.Outcome{feature.Pending, feature.Pending, feature.Duplicate, feature.Dead, feature.OtherGroup, feature.Replayed} {
		tally.Count(o)
	}
	tally.Replaced = 1
	if got, want := tally.String(), "read 5 = 2 written + 1 duplicate + 1 filtered + 1 dead, 1 replaced, 1 filtered for: other feature group"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
