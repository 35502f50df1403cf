package kafka

import "testing"

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
