package servers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"text/template"
	"time"

	"github.com/tandemdata/tandem/internal/child"
)

// readyLimit is how long a server may take from its start to its first good answer.
const readyLimit = 120 * time.Second

var errPortTaken = errors.New("another process took one of its ports")

// instance is one server: its home with configuration, data and log, its ports, and its process while it runs.
type instance struct {
	*kind
	home  string
	ports []int
	child *child.Process
}

// launch starts a server with its home inside dir and returns when it is ready. It is killed when ctx ends.
func launch(ctx context.Context, k *kind, dir string) (*instance, error) {
	if err := k.download(ctx); err != nil {
		return nil, err
	}
	for attempt := 1; ; attempt++ {
		home := filepath.Join(dir, "home"+strconv.Itoa(attempt))
		in, err := create(ctx, k, home)
		// Between picking a port and listening on it another process may be quicker.
		if err == nil || attempt == 5 || !errors.Is(err, errPortTaken) {
			return in, err
		}
	}
}

func create(ctx context.Context, k *kind, home string) (*instance, error) {
	ports, err := freePorts(k.ports)
	if err != nil {
		return nil, err
	}
	in := &instance{kind: k, home: home, ports: ports}
	// Native libraries are unpacked into tmp, which thus goes with the home even when the JVM is killed.
	if err := os.MkdirAll(filepath.Join(home, "tmp"), 0o755); err != nil {
		return nil, err
	}
	if err := k.configure(ctx, in); err != nil {
		return nil, fmt.Errorf("configure: %w", err)
	}
	return in, in.start(ctx)
}

func (in *instance) addr() string { return local(in.ports[0]) }

func local(port int) string { return "127.0.0.1:" + strconv.Itoa(port) }

func (in *instance) log() string { return filepath.Join(in.home, "server.log") }

func (in *instance) path(name string) string { return filepath.Join(in.home, name) }

// write fills in a configuration file of the home.
func (in *instance) write(name, text string) error {
	var filled bytes.Buffer
	facts := struct {
		Home  string
		Ports []int
	}{in.home, in.ports}
	if err := template.Must(template.New(name).Parse(text)).Execute(&filled, facts); err != nil {
		return err
	}
	return os.WriteFile(in.path(name), filled.Bytes(), 0o644)
}

// java is a command on the kind's jars.
func (in *instance) java(ctx context.Context, args ...string) *exec.Cmd {
	fixed := []string{"-cp", filepath.Join(in.jarDir(), "*"), "-Djava.io.tmpdir=" + in.path("tmp")}
	cmd := exec.CommandContext(ctx, "java", append(fixed, args...)...)
	cmd.Dir = in.home
	return cmd
}

// start starts the process and returns when it is ready, or has ended for good.
func (in *instance) start(ctx context.Context) error {
	p, err := child.StartLogged(in.java(ctx, in.arguments(in)...), in.log())
	if err != nil {
		return err
	}
	in.child = p
	if err := in.awaitReady(); err != nil {
		p.Kill()
		return err
	}
	return nil
}

func (in *instance) awaitReady() error {
	limit := time.After(readyLimit)
	for {
		err := in.ready()
		select {
		case <-in.child.Done(): // first of all: another process may have answered on a port it took
			return in.deathCause()
		default:
		}
		if err == nil {
			return nil
		}
		select {
		case <-in.child.Done():
		case <-limit:
			return fmt.Errorf("not ready after %v: %w\n%s", readyLimit, err, child.Tail(in.log()))
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (in *instance) ready() error {
	conn, err := net.DialTimeout("tcp", in.addr(), time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(5 * time.Second))
	return in.probe(conn)
}

func (in *instance) deathCause() error {
	said, _ := os.ReadFile(in.log())
	if bytes.Contains(said, []byte("in use")) { // what both servers say, among much else
		return fmt.Errorf("%w\n%s", errPortTaken, child.Tail(in.log()))
	}
	return fmt.Errorf("ended before it was ready: %v\n%s", in.child.Wait(), child.Tail(in.log()))
}

// freePorts picks n of 127.0.0.1's below those that the kernel gives to outgoing connections. From among those, a
// client that dials a stopped server again and again would sooner or later be connected to itself and keep the server
// from its port.
func freePorts(n int) ([]int, error) {
	var ports []int
	for range 1000 {
		port := 15000 + rand.IntN(17000)
		l, err := net.Listen("tcp", local(port))
		if err != nil {
			continue
		}
		defer l.Close() // at the end, so that no port is picked twice
		if ports = append(ports, port); len(ports) == n {
			return ports, nil
		}
	}
	return nil, errors.New("no free ports on 127.0.0.1")
}
