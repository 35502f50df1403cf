package kafka

import "context"

// reached ends lanes that have nothing left to read before the run's end.
func (r *reader) reached(lanes []*lane) {
	r.finish(lanes)
	signal(r.moved)
}

// watchEnd stops the run once every lane has come to its end and is done. A
// member that has no partition waits: it gets those of members that go.
func (r *reader) watchEnd(ctx context.Context) {
	for {
		select {
		case <-r.moved:
		case <-ctx.Done():
			return
		}
		lanes := r.all()
		if !ended(lanes) || !r.doneBefore(ctx, lanes) {
			continue
		}
		if now := r.all(); len(now) > 0 && len(now) == len(lanes) && ended(now) {
			r.stop()
			return
		}
		signal(r.moved) // lanes came or went meanwhile
	}
}

func (r *reader) doneBefore(ctx context.Context, lanes []*lane) bool {
	for _, l := range lanes {
		select {
		case <-l.Done:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

func ended(lanes []*lane) bool {
	for _, l := range lanes {
		if !l.ended.Load() {
			return false
		}
	}
	return len(lanes) > 0
}
