package memlog

import (
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

type lane struct {
	*pipeline.Feed
	cursor, until int64
	ended         bool // nothing is left to read
}

func (r *reader) lane(p plan) (*lane, error) {
	c := p.LaneConfig
	c.Commit = func(next int64) { r.Log.commit(c.Partition, mark{c.Epoch, next}) }
	c.Ready = func() {
		select {
		case r.woken <- struct{}{}:
		default:
		}
	}
	feed, err := r.in.Open(c)
	return &lane{Feed: feed, cursor: p.from, until: p.until}, err
}

// step hands over a lane's next batch, if there is one and the lane has room.
func (r *reader) step(l *lane) (moved bool, err error) {
	if l.ended {
		return false, nil
	}
	if l.cursor >= l.until || l.Start >= l.until {
		l.ended = true
		r.in.End(l.Feed)
		return true, nil
	}
	if l.Full() {
		return false, nil
	}
	edge := l.until
	if l.cursor < l.Start {
		edge = min(edge, l.Start) // a span is replayed as a whole or not at all
	}
	list, err := r.Log.read(l.Partition, l.cursor, edge, r.MaxBatch)
	if err != nil {
		return false, r.loss(l.TopicPartition, l.cursor)
	}
	to := edge
	if len(list) > 0 {
		to = list[len(list)-1].Offset + 1
	} else if edge == l.until && !r.UntilEnd {
		return false, nil // nothing yet
	}
	l.Push(list, feature.Span{From: l.cursor, To: to})
	l.cursor = to
	return true, nil
}
