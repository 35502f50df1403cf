package kafka

import (
	"context"
	"fmt"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// mark is how far a partition was read, and in which life of the topic.
type mark struct {
	epoch      int32
	topicID    string // empty where unknown
	partitions int32  // of the topic then; 0 where unknown
	next       int64
	held       feature.Progress // what the sinks said; zero if it was the group
}

// The group keeps a text beside each offset. It holds the rest of the mark, so
// that an offset is not taken for one of another life of the topic.
const markFormat = "tandem epoch=%d partitions=%d topic=%s"

// marked has a commit carry the rest of a lane's mark.
func marked(ctx context.Context, l *lane) context.Context {
	text := fmt.Sprintf(markFormat, l.Epoch, l.Partitions, l.TopicID)
	return kgo.PreCommitFnContext(ctx, func(req *kmsg.OffsetCommitRequest) error {
		for i := range req.Topics {
			for j := range req.Topics[i].Partitions {
				req.Topics[i].Partitions[j].Metadata = &text
			}
		}
		return nil
	})
}

// marks are the offsets that the group has for the topic. One that somebody
// else set, to go back or ahead, counts for the life that is being read.
func (r *reader) marks(ctx context.Context) (map[int32]mark, error) {
	if r.ConsumerGroup == "" {
		return nil, nil
	}
	got, err := ask(ctx, func() (kadm.OffsetResponses, error) { return r.admin.FetchOffsets(ctx, r.ConsumerGroup) })
	if err != nil {
		return nil, fmt.Errorf("offsets of group %q: %w", r.ConsumerGroup, err)
	}
	out := map[int32]mark{}
	for p, o := range got[r.Topic] {
		if o.Err != nil {
			return nil, fmt.Errorf("offsets of group %q: partition %d: %w", r.ConsumerGroup, p, o.Err)
		}
		if o.At < 0 {
			continue
		}
		m := mark{epoch: r.Epoch, next: o.At}
		var said mark
		if n, _ := fmt.Sscanf(o.Metadata, markFormat, &said.epoch, &said.partitions, &said.topicID); n >= 1 {
			said.next = o.At
			m = said
		}
		out[p] = m
	}
	return out, nil
}
