package servers

import (
	"context"
	"os"
	"testing"
	"time"
)

// Server is a server of one test's own, which may do with it what it likes. It ends with the test. Its methods belong
// to the test's goroutine, and fail the test when they can't do what they say.
type Server struct {
	t   testing.TB
	ctx context.Context // ends with the test
	in  *instance
}

// StartKafka returns a fresh Kafka when it is ready, or skips the test and says how to run it.
func StartKafka(t testing.TB) *Server {
	t.Helper()
	return startPrivate(t, kafka)
}

// StartCassandra returns a fresh Cassandra when it is ready, or skips the test and says how to run it.
func StartCassandra(t testing.TB) *Server {
	t.Helper()
	return startPrivate(t, cassandra)
}

func startPrivate(t testing.TB, k *kind) *Server {
	t.Helper()
	skipIfDeclined(t, k)
	skipIfMissing(t, k)
	sweep()
	dir := privateDir(t, k)
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{t: t, ctx: ctx}
	t.Cleanup(func() {
		cancel()
		if s.in != nil {
			<-s.in.child.done
		}
	})
	begun := time.Now()
	in, err := launch(ctx, k, dir)
	if err != nil {
		t.Fatalf("servers: start %s: %v", k, err)
	}
	s.in = in
	t.Logf("servers: %s at %s, ready after %v", k, s.Addr(), time.Since(begun).Round(time.Millisecond))
	return s
}

// privateDir is a run directory until the test ends.
func privateDir(t testing.TB, k *kind) string {
	t.Helper()
	if err := os.MkdirAll(runRoot(), 0o755); err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp(runRoot(), k.name+"-private-")
	if err != nil {
		t.Fatal(err)
	}
	lock, err := waitAcquire(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		os.RemoveAll(dir)
		lock.Close()
	})
	return dir
}

// Addr is the address for clients, host:port. It stays the same for the Server's life.
func (s *Server) Addr() string { return s.in.addr() }

// Stop ends the process in good order, and returns when it has ended.
func (s *Server) Stop() { s.in.child.stop() }

// Kill ends the process as kill -9 does, and returns when it has ended.
//
// A killed Cassandra comes back without the writes of about its last 0.1 s, acknowledged ones too: with
// commitlog_sync: periodic, as it is by default, replay ends at the commit log's last marker. To lose nothing a test
// has to Stop it.
func (s *Server) Kill() { s.in.child.kill() }

// Restart starts the process again, on the same address and with the data it had, and returns when it is ready. One
// that runs is stopped before.
func (s *Server) Restart() {
	s.t.Helper()
	s.Stop()
	if err := s.in.start(s.ctx); err != nil {
		s.t.Fatalf("servers: restart %s: %v", s.in.kind, err)
	}
}

// Pause halts the process: its connections stay open and nothing answers on them.
func (s *Server) Pause() { s.signal(sigStop) }

// Continue ends a pause.
func (s *Server) Continue() { s.signal(sigCont) }

func (s *Server) signal(sig os.Signal) {
	s.t.Helper()
	if err := s.in.child.process.Signal(sig); err != nil {
		s.t.Fatalf("servers: %v to %s: %v", sig, s.in.kind, err)
	}
}
