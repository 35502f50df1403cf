package stages

import (
	"fmt"
	"testing"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

func TestCommitTellsTheSourceWhatEverySinkHas(t *testing.T) {
	var told []int64
	lane := pipeline.NewLane(pipeline.LaneConfig{TopicPartition: place, Start: 10, Commit: func(next int64) { told = append(told, next) }},
		[]string{"online", "offline"}, nil, nil)
	stage, err := Commit{}.Open(t.Context(), &pipeline.Node{Lane: lane})
	if err != nil {
		t.Fatal(err)
	}
	receipt := func(sink string, ends ...int64) {
		r := pipeline.Receipt{Sink: sink}
		from := int64(10)
		for _, to := range ends {
			r.Spans = append(r.Spans, feature.SpanTally{Span: feature.Span{From: from, To: to}})
			from = to
		}
		if err := stage.Process(t.Context(), r, func(pipeline.Nothing) {}); err != nil {
			t.Fatal(err)
		}
	}
	receipt("online", 12, 15)
	receipt("offline", 12)
	receipt("offline", 12)
	receipt("offline", 12, 15)
	if fmt.Sprint(told) != "[12 15]" {
		t.Errorf("the source was told %v", told)
	}
	lane = pipeline.NewLane(pipeline.LaneConfig{TopicPartition: place}, []string{"a"}, nil, nil) // nobody to tell
	if err := (commit{lane}).Process(t.Context(), pipeline.Receipt{Sink: "a", Spans: []feature.SpanTally{{Span: feature.Span{To: 1}}}}, nil); err != nil {
		t.Fatal(err)
	}
}
