package crash

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/tandemdata/tandem/internal/child"
)

// What a child says of what happens to it.
const (
	Dropped  = "run interrupted" // what it holds is no longer its own, or may not be
	NoBroker = "broker unreachable"
	NotTaken = "batch failed"
)

// Process is a child that runs.
type Process struct {
	*child.Process
	log string
}

// Start has a child do a job. It dies with this process, if not before.
func (w *World) Start(j Job) (*Process, error) {
	variable, err := j.encode()
	if err != nil {
		return nil, err
	}
	log := w.file(fmt.Sprintf("child-%d.log", len(w.children)+1))
	c := exec.Command("/proc/self/exe")
	c.Env = append(os.Environ(), variable)
	p, err := child.StartLogged(c, log)
	if err != nil {
		return nil, fmt.Errorf("start a child: %w", err)
	}
	w.children = append(w.children, &Process{p, log})
	return w.children[len(w.children)-1], nil
}

// Killed waits until the child has ended, and reports whether a SIGKILL ended it. A child that failed by itself is an
// error.
func (p *Process) Killed() (bool, error) {
	err := p.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if s, ok := exit.Sys().(syscall.WaitStatus); ok && s.Signaled() && s.Signal() == syscall.SIGKILL {
			return true, nil
		}
	}
	if err != nil {
		return false, fmt.Errorf("the child failed: %w\n%s", err, child.Tail(p.log))
	}
	return false, nil
}

// failed is why a child ended by itself; nil if it is at work, was killed, or has done its job.
func (p *Process) failed() error {
	select {
	case <-p.Done():
		_, err := p.Killed()
		return err
	default:
		return nil
	}
}

// Finish waits until the child has done its job.
func (p *Process) Finish() error {
	killed, err := p.Killed()
	if killed {
		err = fmt.Errorf("the child was killed\n%s", child.Tail(p.log))
	}
	return err
}

// Leave has the child drain and end.
func (p *Process) Leave() error {
	p.Stop()
	return p.Finish()
}

// Said waits until the child has written a text, more than once if it is told so.
func (w *World) Said(ctx context.Context, p *Process, text string, times int) error {
	return w.until(ctx, fmt.Sprintf("a child to say %q %d times", text, times), func() (bool, error) {
		return p.Says(text) >= times, nil
	})
}

// Ended waits until the child has ended, by itself.
func (w *World) Ended(ctx context.Context, p *Process) error {
	return w.until(ctx, "a child to end", func() (bool, error) {
		select {
		case <-p.Done():
			return true, nil
		default:
			return false, nil
		}
	})
}

// Says counts how often the child has written a text so far.
func (p *Process) Says(text string) int {
	said, err := os.ReadFile(p.log)
	if err != nil {
		return 0
	}
	return bytes.Count(said, []byte(text))
}

// Logs is the end of what each child has written, for a person who looks into a failure.
func (w *World) Logs() string {
	var b strings.Builder
	for _, p := range w.children {
		fmt.Fprintf(&b, "\n== %s\n%s", filepath.Base(p.log), child.Tail(p.log))
	}
	return b.String()
}
