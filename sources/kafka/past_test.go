package kafka

import (
	"errors"
	"testing"

	"github.com/tandemdata/tandem/pipeline"
)

func TestATopicThatGrewIsOnlyTakenForTheSameByItsID(t *testing.T) {
	for name, c := range map[string]struct {
		was  mark
		now  topic
		want bool
	}{
		"more partitions":        {mark{partitions: 2, topicID: "a"}, topic{count: 3, id: "a"}, true},
		"as many":                {mark{partitions: 3, topicID: "a"}, topic{count: 3, id: "a"}, false},
		"recreated with more":    {mark{partitions: 2, topicID: "a"}, topic{count: 3, id: "b"}, false},
		"no ids":                 {mark{partitions: 2}, topic{count: 3}, false},
		"nobody knows how many":  {mark{topicID: "a"}, topic{count: 3, id: "a"}, false},
		"an id only the log has": {mark{partitions: 2}, topic{count: 3, id: "a"}, false},
	} {
		if got := c.was.grew(&c.now); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// A raised epoch goes on where the one before was, so it misses what retention took meanwhile.
func TestATopicThatGrewMissesWhatWasLostMeanwhile(t *testing.T) {
	log := survey{topic: &topic{id: "a", count: 3}, first: offsets{0: 10}, last: offsets{0: 20}, fresh: offsets{0: 10}}
	read := past{count: 2, marks: map[int32]mark{0: {partitions: 2, topicID: "a", next: 5}}}
	r := &reader{Source: Source{Epoch: 1}}
	_, err := r.plan(log, read, 0)
	lost, ok := errors.AsType[*pipeline.DataLossError](err)
	if !ok || lost.Want != 5 || lost.Earliest != 10 {
		t.Fatalf("%v, want the loss of 5 to 10", err)
	}
}
