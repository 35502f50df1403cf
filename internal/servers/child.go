package servers

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// stopLimit is how long a server may take to end in good order.
const stopLimit = 30 * time.Second

// child is a process that dies with this one, however this one dies.
type child struct {
	process *os.Process
	done    chan struct{} // closed once it has ended and been reaped
	err     error         // how it ended; read after done
}

// spawn starts cmd. The goroutine keeps its OS thread until the child has ended, because the kernel sends the parent
// death signal when the *thread* that forked is gone, which may be long before the process is.
func spawn(cmd *exec.Cmd) (*child, error) {
	dieWithParent(cmd)
	c := &child{done: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			c.err = cmd.Wait()
			close(c.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	c.process = cmd.Process
	return c, nil
}

// run runs cmd to its end, with its output in the file log; a failure shows the end of that.
func run(cmd *exec.Cmd, log string) error {
	c, err := spawnLogged(cmd, log)
	if err != nil {
		return err
	}
	<-c.done
	if c.err != nil {
		return fmt.Errorf("%w\n%s", c.err, tail(log))
	}
	return nil
}

// spawnLogged is spawn with the output appended to the file log.
func spawnLogged(cmd *exec.Cmd, log string) (*child, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	return spawn(cmd)
}

// stop ends the child in good order if it does so in time, else like kill. A paused one is woken: it can't act on
// SIGTERM before.
func (c *child) stop() {
	c.process.Signal(sigCont)
	c.process.Signal(syscall.SIGTERM)
	select {
	case <-c.done:
	case <-time.After(stopLimit):
		c.kill()
	}
}

// kill ends the child at once and returns when it has ended.
func (c *child) kill() {
	c.process.Kill()
	<-c.done
}

// tail returns the last 4 KB of a log.
func tail(log string) []byte {
	text, err := os.ReadFile(log)
	if err != nil {
		return []byte(err.Error())
	}
	return text[max(0, len(text)-4096):]
}
