package pipeline

import (
	"errors"
	"fmt"

	"github.com/ThreeDotsLabs/watermill/message"
)

// balance holds a stage to its contract: what it emits spans what it was given,
// and only a Flusher may keep some of it back.
func (h *handler) balance(st *seat, e *envelope, out []*envelope) error {
	if h.n.kind != aStage {
		return nil
	}
	owed := append(st.owed, spansOf(e.batch)...)
	for _, o := range out {
		for _, s := range spansOf(o.batch) {
			if len(owed) == 0 || s != owed[0] {
				return fmt.Errorf("emitted the span %v, owes %v: spans are cut by the source, once", s, owed)
			}
			owed = owed[1:]
		}
	}
	held := len(owed) > 0
	if held && (!st.run.holds() || e.kind == end) {
		return fmt.Errorf("emitted nothing for %v and holds no rows: they would be lost", owed)
	}
	st.owed = owed
	h.held(e, st, held)
	return nil
}

// accounted checks what is left after the user's middleware: every answer must
// be published as it is.
func (h *handler) accounted(e *envelope, out []*message.Message) error {
	if e == nil {
		return nil
	}
	st := h.seated(e.lane)
	if st == nil && h.s.lane(e.lane.id) == nil {
		return nil
	}
	if st == nil || st.last[e.producer] == nil || st.last[e.producer].number < e.number {
		return errors.New("a middleware swallowed a batch: it was neither published nor refused")
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
