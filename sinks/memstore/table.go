package memstore

import (
	"fmt"
	"slices"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// table is guarded by Sink.mu.
type table struct {
	schema   *feature.Schema // as wide as any writer's yet; rows of before are shorter
	store    feature.Store
	rows     map[string]feature.Stored // by identity; deletes too, so that late rows lose against them
	progress map[log]feature.Progress
}

type log struct {
	topic     string
	partition int32
}

// staged is a row on its way into the table, and the span that counts it.
type staged struct {
	id   string
	row  feature.Stored
	span int
}

// put applies a row, and counts it anew if the table has the same or a newer one.
func (t *table) put(r staged, tally *feature.Tally) {
	old, ok := t.rows[r.id]
	if !ok {
		t.rows[r.id] = r.row
		return
	}
	switch c := t.schema.Group.Order.Compare(r.row.Version, old.Version); {
	case c == 0:
		tally.Move(feature.Duplicate)
	case c < 0:
		tally.Move(feature.Late)
	default:
		tally.Replaced++
		t.rows[r.id] = r.row
	}
}

// owned fails unless the log is where the lane left it: another writer may have
// taken it over.
func (t *table) owned(l *feature.Lane, sink string, next int64) error {
	p, ok := t.progress[log{l.Topic, l.Partition}]
	if !ok || p.Epoch < l.Epoch {
		return nil
	}
	at := p.Sinks[sink].Next
	if p.Epoch > l.Epoch || at > next {
		return pipeline.Restart(fmt.Errorf("memstore: %s/%d is at offset %d of epoch %d in the table, past %d of epoch %d: another writer took it over",
			l.Topic, l.Partition, at, p.Epoch, next, l.Epoch))
	}
	if at < next {
		return fmt.Errorf("memstore: %s/%d is at offset %d in the table, before the %d that this lane was opened at", l.Topic, l.Partition, at, next)
	}
	return nil
}

// stored is row i as the table keeps it: a value for each of its columns.
func stored(rows *feature.Rows, store feature.Store, i int, columns []int) feature.Stored {
	s := rows.Schema
	out := feature.Stored{
		Version: rows.Version(i), Values: make([]any, slices.Max(columns)+1),
		RecordTime: rows.Records[i].Time(), Only: rows.Only(store, i),
	}
	for c, to := range columns {
		switch {
		case !out.Version.Delete || s.IsKey(c):
			out.Values[to] = rows.Columns[c].Value(i)
		case c == s.Time() && s.Fields[c].Kind == feature.Int32:
			out.Values[to] = int32(out.Version.Time)
		case c == s.Time():
			out.Values[to] = out.Version.Time
		}
	}
	return out
}
