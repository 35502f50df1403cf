package engine

import (
	"errors"
	"fmt"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// owed is a span that a stage was given and has not emitted, with its records.
type owed struct {
	feature.Span
	records []feature.Record
}

// owe lists the spans of a batch with their records.
func owe(batch any) []owed {
	spans, records := spansOf(batch), recordsOf(batch)
	list := make([]owed, len(spans))
	for i, s := range spans {
		n := len(records)
		if i < len(spans)-1 {
			for n = 0; n < len(records) && records[n].Offset < s.To; n++ {
			}
		}
		list[i], records = owed{s, records[:n]}, records[n:]
	}
	return list
}

// balance holds a stage to its contract: what it emits stands for what it was
// given, record for record, and only one that keeps rows may hold some of it back.
func (h *handler) balance(st *laneState, e *envelope, out []*envelope) error {
	if h.n.Kind != Stage {
		return nil
	}
	left := append(st.owed, owe(e.batch)...)
	for _, o := range out {
		if err := st.wellFormed(e.lane, o.batch); err != nil {
			return err
		}
		n := len(spansOf(o.batch))
		if err := matches(o.batch, left[:min(n, len(left))]); err != nil {
			return err
		}
		if _, decodes := e.batch.(feature.Records); decodes {
			if err := keepsDropped(o.batch); err != nil {
				return err
			}
		}
		left = left[n:]
	}
	held := len(left) > 0
	if held && (!st.run.Keeps() || e.kind == end) {
		return fmt.Errorf("emitted nothing for the offsets %d to %d and keeps no rows: they would be lost", left[0].From, left[len(left)-1].To)
	}
	st.owed = left
	h.keeping(e, st, held)
	return nil
}

// wellFormed refuses a batch that what comes after it couldn't read.
func (st *laneState) wellFormed(l *lane, batch any) error {
	if r, ok := batch.(feature.Records); ok {
		if r.TopicPartition != l.TopicPartition {
			return fmt.Errorf("emitted records of %s/%d in a batch of %s/%d", r.Topic, r.Partition, l.Topic, l.Partition)
		}
		return nil
	}
	rows, _ := batch.(*feature.Rows)
	if rows == nil {
		return errors.New("emitted nil in place of a batch")
	}
	if rows.TopicPartition != l.TopicPartition {
		return fmt.Errorf("emitted rows of %s/%d in a batch of %s/%d", rows.Topic, rows.Partition, l.Topic, l.Partition)
	}
	if err := rows.Check(); err != nil {
		return fmt.Errorf("emitted a batch that is not whole: %w", err)
	}
	if rows.Schema != st.like {
		if err := rows.Schema.Extends(st.like); err != nil {
			return fmt.Errorf("emitted rows of another schema than it had described: %w", err)
		}
		st.like = rows.Schema
	}
	return nil
}

// matches reports the first span or record in which a batch differs from what is owed.
func matches(batch any, left []owed) error {
	spans, records := spansOf(batch), recordsOf(batch)
	if len(spans) == 0 {
		return errors.New("emitted a batch without spans: nothing says which records it stands for")
	}
	for i, s := range spans {
		if i >= len(left) || s != left[i].Span {
			return fmt.Errorf("emitted the span from %d to %d, which it was not given or not now: spans are cut by the source, once, and keep their order", s.From, s.To)
		}
		want := left[i].records
		if len(want) > len(records) {
			return missing(want, records)
		}
		if len(want) > 0 && &want[0] != &records[0] {
			for k := range want {
				if want[k].Offset != records[k].Offset {
					return missing(want, records)
				}
			}
		}
		records = records[len(want):]
	}
	if len(records) > 0 {
		return fmt.Errorf("emitted a row at offset %d, which it was not given", records[0].Offset)
	}
	return nil
}

// keepsDropped reports a record that a stage before has dropped, and of which a
// decoder makes a row all the same.
func keepsDropped(batch any) error {
	rows, ok := batch.(*feature.Rows)
	if !ok {
		return nil
	}
	for i := range rows.Records {
		if rec := &rows.Records[i]; rec.Outcome != feature.Pending && rows.Pending(i) {
			return fmt.Errorf("made a row of offset %d, which a stage before it had dropped: Record.Outcome says so", rec.Offset)
		}
	}
	return nil
}

// missing names the first record of a span that is left out, or is there twice.
func missing(want, got []feature.Record) error {
	for i := range want {
		if i >= len(got) || got[i].Offset > want[i].Offset {
			return fmt.Errorf("emitted no row for offset %d: a row that is dropped stays in its batch, with its outcome", want[i].Offset)
		}
		if got[i].Offset < want[i].Offset {
			return fmt.Errorf("emitted a row at offset %d, which it was not given", got[i].Offset)
		}
	}
	return nil
}

// accounted checks what is left after the user's middleware: every answer must
// be published as it is.
func (h *handler) accounted(e *envelope, out []*message.Message) error {
	if e == nil {
		return nil
	}
	st := h.known(e.lane)
	if st == nil && h.s.lane(e.lane.id) == nil {
		return nil
	}
	if st == nil {
		return errSwallowed
	}
	if !st.calls.TryLock() {
		return errOverlap
	}
	defer st.calls.Unlock()
	if st.last[e.producer] == nil || st.last[e.producer].number < e.number {
		return errSwallowed
	}
	a := st.last[e.producer]
	if a.number > e.number {
		return nil
	}
	if len(out) != len(a.out) {
		return fmt.Errorf("a middleware published %d messages in place of %d", len(out), len(a.out))
	}
	for i, m := range out {
		if envelopeOf(m) != a.out[i] {
			return errors.New("a middleware replaced a message or its context")
		}
	}
	return nil
}

var errSwallowed = errors.New("a middleware swallowed a batch: it was neither published nor refused")
