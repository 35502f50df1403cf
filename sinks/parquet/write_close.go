package parquet

import "errors"

var errClosed = errors.New("the sink is closed")

// Close drops what is not committed. It cancels the timer's commit if one is
// under way, and waits for a Flush. The files of a commit whose outcome is
// unknown stay, for the table may name them.
func (w *writer) Close() error {
	w.stop()
	w.refuse(errClosed)
	w.running.Wait()
	<-w.committing
	defer w.letGo()
	var errs []error
	for _, c := range []*cut{w.sealed, w.seal()} {
		if c != nil && !c.maybeLanded {
			errs = append(errs, c.discard(w.lake.disk))
		}
	}
	w.sealed = nil
	return errors.Join(append(errs, w.lake.close())...)
}

// broken is why nothing is written any more.
func (w *writer) broken() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// refuse has Write and Flush return err from now on, unless they have a reason already.
func (w *writer) refuse(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = err
	}
	w.notify()
}
