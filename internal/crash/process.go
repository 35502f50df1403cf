package crash

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"github.com/tandemdata/tandem/internal/child"
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
	w.started++
	log := w.file(fmt.Sprintf("child-%d.log", w.started))
	c := exec.Command("/proc/self/exe")
	c.Env = append(os.Environ(), variable)
	p, err := child.StartLogged(c, log)
	if err != nil {
		return nil, fmt.Errorf("start a child: %w", err)
	}
	return &Process{p, log}, nil
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

// Said reports whether the child has written a text so far.
func (p *Process) Said(text string) bool {
	said, err := os.ReadFile(p.log)
	return err == nil && bytes.Contains(said, []byte(text))
}
