package crash

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// KillAt has a child kill itself at a point, or at the first pass of it that any later child comes to.
func (w *World) KillAt(ctx context.Context, p Point, pass int32) error {
	for range 5 {
		if err := w.Produce(ctx, 500); err != nil {
			return err
		}
		j := w.Job
		j.UntilEnd, j.Fault = true, Fault{Point: p, Pass: pass}
		c, err := w.Start(j)
		if err != nil {
			return err
		}
		if killed, err := c.Killed(); killed || err != nil {
			return err
		}
		pass = 1 // it came to the end first
	}
	return fmt.Errorf("no child comes to %q", p)
}

// KillAfter kills a child from outside, under load.
func (w *World) KillAfter(ctx context.Context, c *Process, d time.Duration) error {
	for end := time.Now().Add(d); time.Now().Before(end); {
		if err := w.Produce(ctx, 100); err != nil {
			return err
		}
	}
	c.Kill()
	killed, err := c.Killed()
	if err == nil && !killed {
		err = errors.New("the child came to its end before it was killed")
	}
	return err
}
