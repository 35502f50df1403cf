package servers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestPrivateKafka(t *testing.T) { tryPrivate(t, kafka, StartKafka) }

func TestPrivateCassandra(t *testing.T) { tryPrivate(t, cassandra, StartCassandra) }

func tryPrivate(t *testing.T, k *kind, start func(testing.TB) *Server) {
	s := start(t)
	addr := s.Addr()
	roundTrip(t, k, addr)

	s.Pause()
	if err := silent(t, k, addr); err != nil {
		t.Fatal(err)
	}
	s.Continue()
	roundTrip(t, k, addr)

	restart(t, s, k, "Stop", s.Stop)
	restart(t, s, k, "Kill", s.Kill)
}

func restart(t *testing.T, s *Server, k *kind, name string, end func()) {
	t.Helper()
	addr := s.Addr()
	timed(t, name, end)
	if conn, err := net.Dial("tcp", addr); err == nil {
		conn.Close()
		t.Fatalf("after %s something still listens at %s", name, addr)
	}
	timed(t, "Restart after "+name, s.Restart)
	if s.Addr() != addr {
		t.Fatalf("Restart moved it from %s to %s", addr, s.Addr())
	}
	roundTrip(t, k, addr)
}

func timed(t *testing.T, what string, do func()) {
	t.Helper()
	begun := time.Now()
	do()
	t.Logf("%s: %v", what, time.Since(begun).Round(time.Millisecond))
}

// silent returns nil if a connection to addr opens and no answer comes over it.
func silent(t *testing.T, k *kind, addr string) error {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(500 * time.Millisecond))
	if err := k.probe(conn); !errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("it does not keep silent: %v", err)
	}
	return nil
}

func TestPrivateServerEndsWithItsTest(t *testing.T) {
	var addr string
	t.Run("test", func(t *testing.T) { addr = StartKafka(t).Addr() })
	if addr == "" {
		t.Skip("skipped for the same reason as the test in it")
	}
	if conn, err := net.Dial("tcp", addr); err == nil {
		conn.Close()
		t.Fatalf("something still listens at %s", addr)
	}
}

func TestLaunchTakesOtherPortsWhenOneIsTaken(t *testing.T) {
	for _, k := range []*kind{kafka, cassandra} {
		t.Run(k.name, func(t *testing.T) {
			skipIfDeclined(t, k)
			skipIfMissing(t, k)
			var taken net.Listener
			robbed := *k
			robbed.configure = func(ctx context.Context, in *instance) (err error) {
				if taken == nil {
					// The second port is the one that both listen on early, so the test is short.
					taken, err = net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(in.ports[1]))
					must(t, err)
					t.Cleanup(func() { taken.Close() })
				}
				return k.configure(ctx, in)
			}
			ctx, cancel := context.WithCancel(context.Background())
			in, err := launch(ctx, &robbed, t.TempDir())
			must(t, err)
			defer func() {
				cancel()
				<-in.child.Done()
			}()
			roundTrip(t, k, in.addr())
		})
	}
}

func TestFailureShowsTheLog(t *testing.T) {
	skipIfDeclined(t, kafka)
	skipIfMissing(t, kafka)
	broken := *kafka
	broken.arguments = func(*instance) []string { return []string{"no.such.Main"} }
	_, err := launch(context.Background(), &broken, t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "no.such.Main") {
		t.Fatal(err)
	}
}
