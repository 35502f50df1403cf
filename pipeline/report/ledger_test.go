package report

import (
	"strings"
	"testing"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

func TestTheLedgerSaysWhyRowsWereFiltered(t *testing.T) {
	var online, offline feature.Tally
	for _, f := range []feature.Outcome{feature.Pending, feature.OtherGroup, feature.OtherGroup, feature.OfflineOnly, feature.Filtered, feature.Dead} {
		online.Count(f)
	}
	for range 6 {
		offline.Count(feature.Pending)
	}
	l := pipeline.Ledger{Read: 6, Sinks: map[string]feature.Tally{"online": online, "offline": offline}}

	var b strings.Builder
	if err := JSON(&b, l); err != nil {
		t.Fatal(err)
	}
	want := `{"read":6,"sinks":{"offline":{"written":6,"duplicate":0,"superseded":0,"late":0,"dead":0,"filtered":0},` +
		`"online":{"written":1,"duplicate":0,"superseded":0,"late":0,"dead":1,"filtered":4}},"replaced":{"offline":0,"online":0},` +
		`"reasons":{"online":{"filtered":{"offline only":1,"other feature group":2}}}}` + "\n"
	if b.String() != want {
		t.Errorf("got  %swant %s", b.String(), want)
	}
	b.Reset()
	Ledger(&b, l)
	if got := b.String(); !strings.HasSuffix(got, "  filtered at online: 2 other feature group, 1 offline only\n") {
		t.Errorf("got %s", got)
	}
}
