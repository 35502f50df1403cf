package stages

import (
	"fmt"
	"testing"

	"github.com/tandemdata/tandem/pipeline"
)

func TestCommitTellsTheSourceWhatEverySinkHas(t *testing.T) {
	var committed []int64
	stage, err := Commit{}.Open(t.Context(), &pipeline.Node{Commit: func(next int64) { committed = append(committed, next) }})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []pipeline.Receipt{{Sink: "online", Durable: 10}, {Sink: "offline", Durable: 12}} {
		if err := stage.Process(t.Context(), r, nil); err != nil {
			t.Fatal(err)
		}
	}
	if fmt.Sprint(committed) != "[10 12]" {
		t.Errorf("committed %v", committed)
	}
}
