package pipelinetest

import (
	"context"
	"fmt"
	"time"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/pipelinetest/rowmodel"
)

// seen are the rows of a store by identity, each from one that was sent.
type seen map[string]feature.Stored

// scan reads a store, and finds what is wrong whatever else is in it: a row that
// nobody sent, one that is torn, and one that is there twice.
func (o Oracle) scan(ctx context.Context, b *BrokenError, store feature.Store, from Store) (seen, error) {
	s := o.Log.schema
	rows, places := seen{}, map[position]bool{}
	for row, err := range from.Scan(ctx, s) {
		if err != nil {
			return nil, fmt.Errorf("scan of the %v store: %w", store, err)
		}
		if len(row.Values) != len(s.Fields) {
			return nil, fmt.Errorf("scan of the %v store: a row of %d values, want the %d of (%v)", store, len(row.Values), len(s.Fields), s)
		}
		o.sent(b, store, row)
		v := row.Version
		at := position{v.Epoch, v.Partition, v.Offset}
		if places[at] {
			b.add("%v: its place is there twice: %s", store, rowmodel.Describe(s, row))
		}
		places[at] = true
		id := rowmodel.Identity(s, store, row)
		if twin, ok := rows[id]; ok {
			b.add("%v: twice: %s", store, rowmodel.DescribeTwo(s, twin, row))
		}
		rows[id] = row
	}
	return rows, nil
}

// sent finds a row that is not, to the bit, the one that was sent from its place.
func (o Oracle) sent(b *BrokenError, store feature.Store, row feature.Stored) {
	s := o.Log.schema
	switch e, ok := o.Log.find(row.Version); {
	case !ok:
		b.add("%v: no row was sent from that place: %s", store, rowmodel.Describe(s, row))
	case !e.isFor(store):
		b.add("%v: a row that was not for it: %s", store, rowmodel.Describe(s, row))
	case !rowmodel.Same(e.at(store), row):
		b.add("%v: not the row that was sent: %s", store, rowmodel.DescribeTwo(s, e.at(store), row))
	}
}

// complete finds what differs from the store that the whole log makes.
func (o Oracle) complete(b *BrokenError, log view, store feature.Store, rows seen) {
	model := log.model(store, all)
	for id, want := range model.Visible() {
		got, ok := rows[id]
		switch {
		case !ok && o.expired(store, want):
		case !ok:
			b.add("%v: lost: %s", store, rowmodel.Describe(log.schema, want))
		case !rowmodel.Alike(want, got):
			b.add("%v: not the greatest row: %s", store, rowmodel.DescribeTwo(log.schema, want, got))
		}
	}
	for id, got := range rows {
		if want, ok := model.Kept[id]; ok && store == feature.Online && want.Version.Delete {
			b.add("%v: deleted, but there: %s", store, rowmodel.DescribeTwo(log.schema, want, got))
		}
	}
}

// expired reports whether a row's life in the online store may be over.
func (o Oracle) expired(store feature.Store, row feature.Stored) bool {
	s := o.Log.schema
	if store == feature.Offline || s.Group.TTL == 0 {
		return false
	}
	from := row.Version.Time
	unit := s.TimeUnit()
	if s.Time() < 0 {
		e, _ := o.Log.find(row.Version)
		from, unit = e.Timestamp, time.Millisecond
	}
	return from <= time.Now().Add(-s.Group.TTL).UnixNano()/int64(unit)
}
