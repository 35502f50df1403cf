package feature_test

import (
	"encoding/json"
	"testing"

	"github.com/tandemdata/tandem/pipeline/feature"
)

func TestAReasonIsCountedAsFiltered(t *testing.T) {
	var tally feature.Tally
	for _, f := range []feature.Outcome{feature.Pending, feature.Filtered, feature.OtherGroup, feature.OtherGroup, feature.FarFuture, feature.Replayed, feature.Dead} {
		tally.Count(f)
	}
	if !tally.Balanced() || tally.Read != 6 || tally.Filtered != 4 {
		t.Errorf("%+v", tally)
	}
	got := map[string]int64{}
	for name, n := range tally.Reasons.All() {
		got[name] = n
	}
	if len(got) != 2 || got["other feature group"] != 2 || got["far future"] != 1 {
		t.Errorf("reasons %v", got)
	}
	twice := tally
	twice.Add(tally)
	if twice.Sub(tally); twice != tally {
		t.Errorf("%+v became %+v", tally, twice)
	}
}

func TestATallyWithReasonsIsReadBack(t *testing.T) {
	var tally feature.Tally
	plain, _ := json.Marshal(tally)
	tally.Count(feature.OnlineOnly)
	tally.Count(feature.Unwanted)
	text, err := json.Marshal(tally)
	if err != nil {
		t.Fatal(err)
	}
	var back feature.Tally
	if err := json.Unmarshal(text, &back); err != nil || back != tally {
		t.Errorf("%s: %+v, %v", text, back, err)
	}
	if err := json.Unmarshal([]byte(`{"reasons":{"a later release's":3}}`), &back); err != nil {
		t.Error(err)
	}
	var none map[string]any
	if err := json.Unmarshal(plain, &none); err != nil || none["reasons"] != nil {
		t.Errorf("without reasons: %s, %v", plain, err)
	}
}
