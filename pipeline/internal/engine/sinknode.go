package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/internal/failure"
	"github.com/tandemdata/tandem/pipeline/internal/frontier"
	"github.com/tandemdata/tandem/pipeline/status"
)

// store is an open sink in a session.
type store struct {
	s *session
	n *Node
	w Writer

	growing sync.RWMutex    // held to write, and alone to evolve
	schema  *feature.Schema // what the table is ready for

	mu    sync.Mutex
	sent  map[*lane]int64    // number of the last receipt
	ended map[*lane]endState // lanes that nothing follows on
}

func (s *session) openSink(ctx context.Context, n *Node) (*store, error) {
	st := &store{s: s, n: n, schema: n.Schema, sent: map[*lane]int64{}, ended: map[*lane]endState{}}
	err := func() (err error) {
		defer recovered(&err)
		return inside(ctx, n, func(ctx context.Context) (err error) {
			st.w, err = n.OpenSink(ctx, &SinkNode{
				Node: n, Logger: s.g.Logger.With("node", n.Name),
				Durable: st.durable, Progress: st.progress,
				Fail: func(err error) { s.background(n, err) },
				Wait: func(cause error) { s.g.Board.wait(n, cause) }, Note: st.note,
			})
			return err
		})
	}()
	if err != nil {
		return nil, s.g.Locate(n.Name, "", err)
	}
	return st, nil
}

func (st *store) closeWriter() (err error) {
	defer recovered(&err)
	return st.w.Close()
}

// lane is the runner of one lane.
func (st *store) lane(l *lane) Runner { return &sinkLane{store: st, l: l} }

type sinkLane struct {
	*store
	l *lane

	// Rows of the batch with the span rejecting are at the dead letters as far as
	// row rejected. Where the batch comes again, it may be another fork of what
	// branches share, in which these rows are pending.
	rejecting feature.Span
	rejected  int
}

func (*sinkLane) Keeps() bool { return true }

func (*sinkLane) Close() {}

// Process writes a batch. Rows that the store had before the lane opened are
// duplicates, whatever became of them on the way.
func (k *sinkLane) Process(ctx context.Context, in any, _ func(any)) error {
	rows, err := k.fit(ctx, in.(*feature.Rows))
	if err != nil {
		return err
	}
	defer k.growing.RUnlock()
	outcomes := rows.Outcomes[k.n.Store]
	had := k.l.frontier.Opened(k.n.Name)
	for i := range outcomes {
		if rows.Records[i].Offset >= had {
			break
		}
		if outcomes[i] != feature.Replayed {
			outcomes[i] = feature.Duplicate
		}
	}
	if err := k.reject(ctx, rows, outcomes); err != nil {
		return err
	}
	k.l.frontier.Take(k.n.Name, taken(rows, outcomes))
	if err := k.w.Write(ctx, k.l.Lane, rows); err != nil {
		return err
	}
	for _, l := range k.s.intake.Taken(k.l.Lane, k.n.Name, rows.Span().To) {
		if full := k.s.of(l); full != nil {
			k.s.ready(full)
		}
	}
	return nil
}

// taken counts the rows of each span that the sink will be asked about.
func taken(rows *feature.Rows, outcomes []feature.Outcome) []frontier.Taken {
	list := make([]frontier.Taken, len(rows.Spans))
	i := 0
	for k, span := range rows.Spans {
		list[k].Span = span
		for ; i < len(outcomes) && rows.Records[i].Offset < span.To; i++ {
			if outcomes[i] != feature.Replayed {
				list[k].Rows++
			}
		}
	}
	return list
}

// reject sends the rows that the store can't hold to the dead letters, each once
// however often the batch comes.
func (k *sinkLane) reject(ctx context.Context, rows *feature.Rows, outcomes []feature.Outcome) error {
	c, ok := k.w.(rowChecker)
	if !ok {
		return nil
	}
	if k.rejecting != rows.Span() {
		k.rejecting, k.rejected = rows.Span(), 0
	}
	for from := 0; from < rows.Len(); {
		i, cause := c.CheckRows(rows, from)
		if cause == nil {
			return nil
		}
		if i < from || i >= rows.Len() {
			return fmt.Errorf("CheckRows(rows, %d) found row %d of %d: %w", from, i, rows.Len(), cause)
		}
		from = i + 1
		if outcomes[i] != feature.Pending {
			continue
		}
		if i >= k.rejected {
			if err := k.s.g.rejecting(ctx, k.n.Name, rows.TopicPartition, rows.Records[i], "unstorable", cause); err != nil {
				return err
			}
			k.rejected = i + 1
		}
		outcomes[i] = feature.Dead
	}
	return nil
}

// durable is SinkNode.Durable: it counts at once, so that the next commit of a
// store that keeps progress includes it, and then sends the join a receipt.
func (st *store) durable(id *feature.Lane, done []feature.SpanTally) {
	if len(done) == 0 {
		return
	}
	// It counts even when the session has ended: a store may be at its next commit.
	l := st.s.of(id)
	if l == nil {
		st.s.fail(st.s.g.Locate(st.n.Name, "", errors.New("reported rows durable of a lane that isn't open"+nameOf(id))))
		return
	}
	at, err := l.frontier.Advance(st.n.Name, done)
	if err != nil {
		st.s.fail(st.s.g.Locate(st.n.Name, Place(l.TopicPartition, done[0].From), err))
		return
	}
	now := time.Now()
	for _, m := range l.marks.durable(st.n.Name, done, now) {
		st.n.Stats.Fresh.Add(now.Sub(m.made), m.rows)
		st.n.Stats.Transit.Add(now.Sub(m.pushed), m.rows)
	}
	// The only error is that the session has ended.
	_ = st.s.publish(st.n.topic(), &envelope{
		lane: l, producer: st.n, number: st.next(l), batch: Receipt{Sink: st.n.Name, Spans: done, Durable: at},
	})
}

// note is SinkNode.Note: what a sink did to its table as a whole.
func (st *store) note(e status.Event) {
	e.Node = st.n.Name
	st.s.g.Board.note(e)
	if e.Kind == status.Commit {
		st.n.Stats.Commits.Add(e.Took, 1)
		st.n.Stats.Races.Add(int64(e.Races))
	}
	st.s.g.Logger.Debug(e.Kind, "node", e.Node, "took", e.Took, "rows", e.Rows, "files", e.Files, "bytes", e.Bytes, "races", e.Races)
}

func nameOf(l *feature.Lane) string {
	if l == nil {
		return ""
	}
	return fmt.Sprintf(": %s/%d", l.Topic, l.Partition)
}

// progress is SinkNode.Progress.
func (st *store) progress(id *feature.Lane, done []feature.SpanTally) feature.Progress {
	if l := st.s.of(id); l != nil {
		return l.frontier.Progress(id, st.n.Name, done)
	}
	return id.Resumed
}

func (st *store) next(l *lane) int64 {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.sent[l]++
	return st.sent[l]
}

// forget lets go of a lane that has left the session.
func (st *store) forget(l *lane) {
	st.mu.Lock()
	defer st.mu.Unlock()
	delete(st.ended, l)
	delete(st.sent, l)
}

// reportedAll refuses a sink that was flushed and has not said that all is durable.
func (k *sinkLane) reportedAll(l *lane) error {
	if owed, some := l.frontier.Owed(k.n.Name); some {
		return failure.Mark(k.s.g.Locate(k.n.Name, Place(l.TopicPartition, owed.From),
			fmt.Errorf("was flushed, and has not reported the offsets %d to %d durable", owed.From, owed.To)), failure.Fatal)
	}
	return nil
}
