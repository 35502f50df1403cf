package cassandra

import (
	"context"
	"sync"

	"github.com/gocql/gocql"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// writer is the open sink. What it writes is durable when Write returns.
type writer struct {
	node       *pipeline.SinkNode
	table      *table
	conn       *connection
	upsert     string
	remove     string
	batchRows  int
	batchBytes int
	life       *life
	slots      chan struct{} // one for each request in flight
	idle       chan *request // requests to use again
	maps       sync.Pool     // of collapse
}

func newWriter(s *Sink, n *pipeline.SinkNode, t *table, c *connection) *writer {
	inFlight := orElse(s.InFlight, 256)
	return &writer{
		node: n, table: t, conn: c, upsert: t.upsert(), remove: t.remove(), life: newLife(n.Schema),
		batchRows:  orElse(s.BatchRows, 10),
		batchBytes: orElse(s.BatchBytes, 5120),
		slots:      make(chan struct{}, inFlight),
		idle:       make(chan *request, inFlight),
		maps:       sync.Pool{New: func() any { return map[feature.Digest]int{} }},
	}
}

// Write sends the newest row of each key and returns once Cassandra has acknowledged all of them. After an error some
// may be there; they come again with the same timestamps.
func (w *writer) Write(ctx context.Context, lane *pipeline.Lane, rows *feature.Rows) error {
	newest := w.maps.Get().(map[feature.Digest]int)
	defer w.maps.Put(newest)
	latest := collapse(rows, newest)
	s := w.begin(ctx, w.life.begin(rows.Place, latest))
	var err error
	for i, fate := range rows.Fates[feature.Online] {
		if fate == feature.Live && err == nil {
			err = s.add(rows, i)
		}
	}
	if err := s.end(err); err != nil {
		return classify(ctx, err)
	}
	w.node.Durable(lane, rows.Tally(feature.Online))
	return nil
}

func (w *writer) execute(ctx context.Context, r *request) error {
	r.bind()
	if len(r.rows) == 1 {
		row := r.rows[0]
		q := w.conn.Query(w.statement(row), r.bound(row)...)
		return q.RoutingKey(r.key(row)).Idempotent(true).WithContext(ctx).Exec()
	}
	b := w.conn.NewBatch(gocql.UnloggedBatch).WithContext(ctx)
	b.Entries = make([]gocql.BatchEntry, 0, len(r.rows))
	for _, row := range r.rows {
		b.Entries = append(b.Entries, gocql.BatchEntry{Stmt: w.statement(row), Args: r.bound(row), Idempotent: true})
	}
	return w.conn.ExecuteBatch(b)
}

func (w *writer) statement(row wireRow) string {
	if row.remove {
		return w.remove
	}
	return w.upsert
}

// borrow gives an empty request.
func (w *writer) borrow() *request {
	select {
	case r := <-w.idle:
		r.reset()
		return r
	default:
		return &request{table: w.table}
	}
}

// giveBack takes a request that nothing refers to any more.
func (w *writer) giveBack(r *request) {
	select {
	case w.idle <- r:
	default:
	}
}

// Flush has nothing left to do.
func (w *writer) Flush(context.Context) error { return nil }

// Close ends the connections. Requests in flight end with an error.
func (w *writer) Close() error {
	w.conn.Close()
	return nil
}
