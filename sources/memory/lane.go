package memory

import (
	"sync/atomic"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

type lane struct {
	*pipeline.Lane
	cursor, until int64
	ended         bool // nothing is left to read
	over          bool // End was called

	// room is false from before a Push that reports full until Ready. It is set
	// false before the Push and never after, so a Ready that comes while Push
	// still runs is not lost.
	room atomic.Bool
}

func (r *reader) lane(p plan) *lane {
	l := &lane{cursor: p.from, until: p.until}
	l.room.Store(true)
	c := p.LaneConfig
	c.Commit = func(next int64) { r.Log.commit(c.Partition, mark{c.Epoch, next}) }
	c.Ready = func() {
		l.room.Store(true)
		select {
		case r.woken <- struct{}{}:
		default:
		}
	}
	l.Lane = r.in.Open(c)
	return l
}

// step hands over a lane's next batch, if there is one and the lane has room.
func (r *reader) step(l *lane) (moved bool, err error) {
	if l.ended {
		return false, nil
	}
	if l.cursor >= l.until || l.Start >= l.until {
		l.ended = true
		end([]*lane{l})
		return true, nil
	}
	if !l.room.Load() {
		return false, nil
	}
	edge := l.until
	if l.cursor < l.Start {
		edge = min(edge, l.Start) // a span is warm as a whole or not at all
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
	l.room.Store(false)
	if !l.Push(list, feature.Span{From: l.cursor, To: to}) {
		l.room.Store(true)
	}
	l.cursor = to
	return true, nil
}

// end announces the end of all lanes before it ends the first. Those that have
// ended already ignore it.
func end(lanes []*lane) {
	for _, l := range lanes {
		l.Closing()
	}
	for _, l := range lanes {
		if !l.over {
			l.over = true
			l.End()
		}
	}
}
