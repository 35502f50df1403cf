package servers

import (
	"context"
	"testing"
	"time"
)

// Server is a server of one test's own, which may do with it what it likes. It ends with the test. Its methods belong
// to the test's goroutine, and fail the test when they can't do what they say.
type Server struct {
	*Own
	t testing.TB
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
	begun := time.Now()
	own, err := startOwn(context.Background(), k)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(own.Close)
	t.Logf("servers: %s at %s, ready after %v", k, own.Addr(), time.Since(begun).Round(time.Millisecond))
	return &Server{own, t}
}

// Restart is Own.Restart.
func (s *Server) Restart() {
	s.t.Helper()
	s.must(s.Own.Restart())
}

// Pause is Own.Pause.
func (s *Server) Pause() {
	s.t.Helper()
	s.must(s.Own.Pause())
}

// Continue is Own.Continue.
func (s *Server) Continue() {
	s.t.Helper()
	s.must(s.Own.Continue())
}

func (s *Server) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}
