package sqlite

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

var errClosed = errors.New("sqlite: the writer is closed")

// writer hands the lanes' batches to one goroutine, which owns the connection.
type writer struct {
	sink  Sink
	node  *pipeline.SinkNode
	table *table

	jobs    chan job
	growths chan growth
	closing chan struct{}
	ended   chan struct{}
	once    sync.Once
	closed  error

	reported map[*feature.Lane]int64 // spans before it were; the goroutine's own
}

// job is one batch. It is answered exactly once after it was taken.
type job struct {
	lane *feature.Lane
	rows *feature.Rows
	done chan error
}

func newWriter(s Sink, n *pipeline.SinkNode, c *conn) *writer {
	w := &writer{
		sink: s, node: n, table: newTable(c, n.Schema),
		jobs: make(chan job), growths: make(chan growth), closing: make(chan struct{}), ended: make(chan struct{}),
		reported: map[*feature.Lane]int64{},
	}
	go w.run()
	return w
}

// Write returns once the batch's transaction is on disk. Older rows of a key
// that has a newer one in the batch are marked Superseded.
func (w *writer) Write(ctx context.Context, lane *feature.Lane, rows *feature.Rows) error {
	supersede(rows)
	j := job{lane, rows, make(chan error, 1)}
	select {
	case w.jobs <- j:
		// From here on the batch is being read: leaving before the answer, even
		// for ctx, would let the caller reuse it.
		return <-j.done
	case <-w.closing:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Flush has nothing to do: Write leaves nothing behind.
func (w *writer) Flush(context.Context) error { return nil }

// Close waits for the transaction under way.
func (w *writer) Close() error {
	w.once.Do(func() {
		close(w.closing)
		<-w.ended
		w.closed = w.table.close()
	})
	return w.closed
}

func (w *writer) run() {
	defer close(w.ended)
	for {
		select {
		case <-w.closing:
			return
		case j := <-w.jobs:
			w.write(w.gather(j))
		case g := <-w.growths:
			g.done <- w.table.grow(g.schema)
		}
	}
}

// gather adds the batches of the lanes that wait right now.
func (w *writer) gather(first job) []job {
	group, rows := []job{first}, first.rows.Len()
	for rows < w.sink.groupRows() {
		select {
		case j := <-w.jobs:
			group = append(group, j)
			rows += j.rows.Len()
		default:
			return group
		}
	}
	return group
}

// write answers each batch of a group. Where a group fails, each batch is tried
// alone, so that one lane's fault stays with that lane.
func (w *writer) write(group []job) {
	err := w.table.write(group)
	if err != nil && len(group) > 1 && !pipeline.IsTransient(err) {
		for _, j := range group {
			w.write([]job{j})
		}
		return
	}
	for _, j := range group {
		if err == nil {
			w.report(j)
		} else {
			err = fmt.Errorf("sqlite: %w", err)
		}
		j.done <- err
	}
}

// report tells of each span once, also where a batch came again.
func (w *writer) report(j job) {
	spans := j.rows.Tally(feature.Online)
	for len(spans) > 0 && spans[0].To <= w.reported[j.lane] {
		spans = spans[1:]
	}
	if len(spans) > 0 {
		w.reported[j.lane] = spans[len(spans)-1].To
		w.node.Durable(j.lane, spans)
	}
}

// supersede marks the rows of a batch that have a newer one of their key in it.
func supersede(rows *feature.Rows) {
	newest := make(map[feature.Digest]int, rows.Len())
	for i := range rows.Len() {
		if rows.Outcomes[feature.Online][i] != feature.Pending {
			continue
		}
		d := rows.KeyDigest(i)
		older, again := newest[d]
		switch {
		case !again:
			newest[d] = i
			continue
		case rows.Schema.Group.Order.Compare(rows.Version(i), rows.Version(older)) > 0:
			newest[d] = i
		default:
			older = i
		}
		rows.Drop(older, feature.Superseded, feature.Online)
	}
}
