// Package child runs processes that die with the one that started them, however that one dies.
package child

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// stopLimit is how long a process may take to end in good order.
const stopLimit = 30 * time.Second

// Process is a running child.
type Process struct {
	process *os.Process
	done    chan struct{} // closed once it has ended and been reaped
	err     error         // how it ended; read after done
}

// Start starts cmd. The goroutine keeps its OS thread until the child has ended, because the kernel sends the parent
// death signal when the *thread* that forked is gone, which may be long before the process is.
func Start(cmd *exec.Cmd) (*Process, error) {
	dieWithParent(cmd)
	p := &Process{done: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
			close(p.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	p.process = cmd.Process
	return p, nil
}

// StartLogged is Start with the output appended to the file log.
func StartLogged(cmd *exec.Cmd, log string) (*Process, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	return Start(cmd)
}

// Run runs cmd to its end, with its output in the file log; a failure shows the end of that.
func Run(cmd *exec.Cmd, log string) error {
	p, err := StartLogged(cmd, log)
	if err != nil {
		return err
	}
	if err := p.Wait(); err != nil {
		return fmt.Errorf("%w\n%s", err, Tail(log))
	}
	return nil
}

// PID is the process's id.
func (p *Process) PID() int { return p.process.Pid }

// Done is closed once the process has ended and been reaped.
func (p *Process) Done() <-chan struct{} { return p.done }

// Wait returns how the process ended, as [exec.Cmd.Wait] does.
func (p *Process) Wait() error {
	<-p.done
	return p.err
}

// Stop ends the process in good order if it does so in time, else like Kill. A paused one is woken: it can't act on
// SIGTERM before.
func (p *Process) Stop() {
	_ = p.process.Signal(sigCont)
	_ = p.process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(stopLimit):
		p.Kill()
	}
}

// Kill ends the process at once, as kill -9 does, and returns when it has ended.
func (p *Process) Kill() {
	_ = p.process.Kill()
	<-p.done
}

// Pause halts the process: its connections stay open and nothing answers on them. It returns once every thread of it
// has stopped, which a signal alone doesn't wait for.
func (p *Process) Pause() error {
	if err := p.process.Signal(sigStop); err != nil {
		return err
	}
	return stopped(p.process.Pid)
}

// Continue ends a pause.
func (p *Process) Continue() error { return p.process.Signal(sigCont) }

// Tail returns the last 4 KB of a log.
func Tail(log string) []byte {
	text, err := os.ReadFile(log)
	if err != nil {
		return []byte(err.Error())
	}
	return text[max(0, len(text)-4096):]
}
