package memstore

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

var errClosed = errors.New("memstore: the writer is closed")

type writer struct {
	sink  *Sink
	node  *pipeline.SinkNode
	table *table

	// mu is held while spans are reported: a Flush that runs beside a Write
	// would else report a lane's spans after those that follow them.
	mu      sync.Mutex
	columns []int // of the table, by those of the rows
	lanes   map[*feature.Lane]*lane
	held    int
	closed  bool
}

// lane is what a writer holds of one.
type lane struct {
	next  int64 // in the table
	taken int64 // spans before it were taken
	rows  []staged
	spans []feature.SpanTally
}

func (w *writer) Write(_ context.Context, l *feature.Lane, rows *feature.Rows) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return errClosed
	}
	w.take(l, rows)
	if w.held < w.sink.HoldRows {
		return nil
	}
	return w.commit()
}

func (w *writer) Flush(context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return errClosed
	}
	if err := w.commit(); err != nil {
		return err
	}
	w.catchUp()
	return nil
}

// catchUp stores how far the other sinks got with rows that are here already.
func (w *writer) catchUp() {
	w.sink.mu.Lock()
	defer w.sink.mu.Unlock()
	for l := range w.lanes {
		at := log{l.Topic, l.Partition}
		if p := w.node.Progress(l, nil); p.Ahead(w.table.progress[at], w.node.Name) {
			w.table.progress[at] = p
		}
	}
}

func (w *writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	clear(w.lanes)
	return nil
}

// take stages what of a batch is new to the lane.
func (w *writer) take(l *feature.Lane, rows *feature.Rows) {
	state, ok := w.lanes[l]
	if !ok {
		state = &lane{next: l.Resumed.Sinks[w.node.Name].Next, taken: l.Start}
		w.lanes[l] = state
	}
	supersede(rows, w.table.store)
	i := 0
	for _, span := range rows.Tally(w.table.store) {
		again := span.To <= state.taken
		if !again {
			state.taken = span.To
			state.spans = append(state.spans, span)
		}
		for ; i < rows.Len() && rows.Records[i].Offset < span.To; i++ {
			if again || rows.Outcomes[w.table.store][i] != feature.Pending {
				continue
			}
			id := string(rows.Identity(nil, i, w.table.store))
			state.rows = append(state.rows, staged{id, stored(rows, w.table.store, i, w.columns), len(state.spans) - 1})
			w.held++
		}
	}
}

// commit makes everything that is held visible at once, with its progress.
func (w *writer) commit() error {
	if err := w.apply(); err != nil {
		return err
	}
	for l, state := range w.lanes {
		if len(state.spans) > 0 {
			w.node.Durable(l, slices.Clone(state.spans))
		}
		state.rows, state.spans = nil, nil
	}
	w.held = 0
	return nil
}

func (w *writer) apply() error {
	w.sink.mu.Lock()
	defer w.sink.mu.Unlock()
	if w.table.store == feature.Offline {
		for l, state := range w.lanes {
			if len(state.spans) == 0 {
				continue
			}
			if err := w.table.owned(l, w.node.Name, state.next); err != nil {
				return err
			}
		}
	}
	for l, state := range w.lanes {
		for _, r := range state.rows {
			w.table.put(r, &state.spans[r.span].Tally)
		}
		if len(state.spans) > 0 {
			p := w.node.Progress(l, state.spans)
			state.next = p.Sinks[w.node.Name].Next
			w.table.progress[log{l.Topic, l.Partition}] = p
		}
	}
	return nil
}

// supersede drops the rows of a batch that have a newer one of their identity in it.
func supersede(rows *feature.Rows, store feature.Store) {
	newest := make(map[string]int, rows.Len())
	for i := range rows.Len() {
		if rows.Outcomes[store][i] != feature.Pending {
			continue
		}
		id := string(rows.Identity(nil, i, store))
		old, ok := newest[id]
		switch {
		case !ok:
			newest[id] = i
		case rows.Schema.Group.Order.Compare(rows.Version(i), rows.Version(old)) > 0:
			newest[id] = i
			rows.Drop(old, feature.Superseded, store)
		default:
			rows.Drop(i, feature.Superseded, store)
		}
	}
}
