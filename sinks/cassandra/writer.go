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
	sink       *Sink
	node       *pipeline.SinkNode
	conn       *connection
	batchRows  int
	batchBytes int
	life       *life
	slots      chan struct{} // one for each request in flight
	idle       chan *request // requests to use again
	maps       sync.Pool     // of collapse

	growing sync.Mutex
	plan    *plan
	lanes   map[feature.TopicPartition]*feature.Lane // for which the table was looked at
}

// plan is how rows are written to the table as it is.
type plan struct {
	table          *table
	upsert, remove string
}

func newPlan(t *table) *plan { return &plan{t, t.upsert(), t.remove()} }

func (p *plan) statement(row wireRow) string {
	if row.remove {
		return p.remove
	}
	return p.upsert
}

func newWriter(s *Sink, n *pipeline.SinkNode, t *table, c *connection) *writer {
	inFlight := orElse(s.InFlight, 256)
	return &writer{
		sink: s, node: n, conn: c, plan: newPlan(t), lanes: map[feature.TopicPartition]*feature.Lane{}, life: newLife(n.Schema),
		batchRows:  orElse(s.BatchRows, 10),
		batchBytes: orElse(s.BatchBytes, 5120),
		slots:      make(chan struct{}, inFlight),
		idle:       make(chan *request, inFlight),
		maps:       sync.Pool{New: func() any { return map[feature.Digest]int{} }},
	}
}

// Write sends the newest row of each key and returns once Cassandra has acknowledged all of them. After an error some
// may be there; they come again with the same timestamps.
func (w *writer) Write(ctx context.Context, lane *feature.Lane, rows *feature.Rows) error {
	p, err := w.planOf(ctx, lane)
	if err != nil {
		return classify(ctx, err)
	}
	newest := w.maps.Get().(map[feature.Digest]int)
	defer w.maps.Put(newest)
	latest := collapse(rows, newest)
	s := w.begin(ctx, p, w.life.begin(rows.TopicPartition, latest))
	for i, outcome := range rows.Outcomes[feature.Online] {
		if outcome == feature.Pending && err == nil {
			err = s.add(rows, i)
		}
	}
	if err := s.end(err); err != nil {
		return classify(ctx, err)
	}
	w.node.Durable(lane, rows.Tally(feature.Online))
	return nil
}

func (w *writer) execute(ctx context.Context, p *plan, r *request) error {
	r.bind()
	if len(r.rows) == 1 {
		row := r.rows[0]
		q := w.conn.Query(p.statement(row), r.bound(row)...)
		return q.RoutingKey(r.key(row)).Idempotent(true).WithContext(ctx).Exec()
	}
	b := w.conn.NewBatch(gocql.UnloggedBatch).WithContext(ctx)
	b.Entries = make([]gocql.BatchEntry, 0, len(r.rows))
	for _, row := range r.rows {
		b.Entries = append(b.Entries, gocql.BatchEntry{Stmt: p.statement(row), Args: r.bound(row), Idempotent: true})
	}
	return w.conn.ExecuteBatch(b)
}

// borrow gives an empty request.
func (w *writer) borrow(p *plan) *request {
	r := &request{}
	select {
	case r = <-w.idle:
		r.reset()
	default:
	}
	r.table = p.table
	return r
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
