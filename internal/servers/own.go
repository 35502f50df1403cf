package servers

import (
	"context"
	"fmt"
	"os"
)

// Own is a server of this process's own. It ends with Close, or with the process.
type Own struct {
	in  *instance
	ctx context.Context // ends at Close

	close func()
}

// OpenKafka starts a fresh Kafka for a command that isn't a test, and returns when it is ready.
func OpenKafka(ctx context.Context) (*Own, error) { return openOwn(ctx, kafka) }

// OpenCassandra starts a fresh Cassandra for a command that isn't a test, and returns when it is ready.
func OpenCassandra(ctx context.Context) (*Own, error) { return openOwn(ctx, cassandra) }

func openOwn(ctx context.Context, k *kind) (*Own, error) {
	if why := k.missing(); why != "" {
		return nil, fmt.Errorf("servers: start %s: %s: install Java 17 and Maven", k, why)
	}
	return startOwn(ctx, k)
}

// startOwn launches a server that is killed when ctx ends.
func startOwn(ctx context.Context, k *kind) (*Own, error) {
	sweep()
	dir, lock, err := ownDir(k)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	s := &Own{ctx: ctx}
	s.close = func() {
		cancel()
		if s.in != nil {
			<-s.in.child.Done()
		}
		os.RemoveAll(dir)
		lock.Close()
	}
	if s.in, err = launch(ctx, k, dir); err != nil {
		s.in = nil // launch has ended its process
		s.close()
		return nil, fmt.Errorf("servers: start %s: %w", k, err)
	}
	return s, nil
}

// ownDir is a run directory until its lock is closed.
func ownDir(k *kind) (string, *os.File, error) {
	if err := os.MkdirAll(runRoot(), 0o755); err != nil {
		return "", nil, err
	}
	dir, err := os.MkdirTemp(runRoot(), k.name+"-private-")
	if err != nil {
		return "", nil, err
	}
	lock, err := waitAcquire(context.Background(), dir)
	return dir, lock, err
}

// Close ends the process at once and removes all that it wrote.
func (s *Own) Close() { s.close() }

// Addr is the address for clients, host:port. It stays the same for the server's life.
func (s *Own) Addr() string { return s.in.addr() }

// Behind is for a proxy in front of the server: where it has to listen, and where to pass connections on to. Clients
// that come through it are told of no other address.
func (s *Own) Behind() (listen, upstream string, err error) {
	if len(s.in.ports) == 4 {
		return local(s.in.ports[3]), local(s.in.ports[2]), nil
	}
	free, err := freePorts(1)
	if err != nil {
		return "", "", err
	}
	return local(free[0]), s.Addr(), nil
}

// Stop ends the process in good order, and returns when it has ended.
func (s *Own) Stop() { s.in.child.Stop() }

// Kill ends the process as kill -9 does, and returns when it has ended.
//
// A killed Cassandra comes back without the writes of about its last 0.1 s, acknowledged ones too: with
// commitlog_sync: periodic, as it is by default, replay ends at the commit log's last marker. To lose nothing a test
// has to Stop it.
func (s *Own) Kill() { s.in.child.Kill() }

// Restart starts the process again, on the same address and with the data it had, and returns when it is ready. One
// that runs is stopped before.
func (s *Own) Restart() error {
	s.Stop()
	if err := s.in.start(s.ctx); err != nil {
		return fmt.Errorf("servers: restart %s: %w", s.in.kind, err)
	}
	return nil
}

// Pause halts the process: its connections stay open and nothing answers on them.
func (s *Own) Pause() error { return s.can("pause", s.in.child.Pause()) }

// Continue ends a pause.
func (s *Own) Continue() error { return s.can("continue", s.in.child.Continue()) }

func (s *Own) can(do string, err error) error {
	if err != nil {
		return fmt.Errorf("servers: %s %s: %w", do, s.in.kind, err)
	}
	return nil
}
