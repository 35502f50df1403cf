package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tandemdata/tandem/internal/servers"
	"github.com/tandemdata/tandem/sinks/cassandra"
	"github.com/tandemdata/tandem/sinks/sqlite"
	"github.com/tandemdata/tandem/sources/kafkatest"
)

// args are those of a run without an end. Without a group: one broker that comes
// back has a member of the group wait for its own ghost, until the session times out.
func (f *fixture) args(flags ...string) []string {
	return append([]string{
		"-brokers", f.brokers[0], "-topic", f.topic, "-name", "entities", "-key", "entity_id",
		"-event-time", "event_time", "-order", "event-time", "-keys", "stay", "-schema", f.file("rows.avsc"), "-warehouse", f.file("warehouse"),
		"-commit-every", "200ms", "-dead-letter-topic", f.topic + ".dead",
	}, flags...)
}

// A broker that restarts and a database that stops answering, then stops
// altogether, cost time and no rows.
func TestOutagesCostTimeAndNoRows(t *testing.T) {
	store := servers.StartCassandra(t)
	broker := servers.StartKafka(t)
	f := newFixture(t, []string{broker.Addr()})
	online := &cassandra.Sink{Hosts: []string{store.Addr()}, Keyspace: "outages"}
	flags := f.args("-cassandra", store.Addr(), "-keyspace", "outages")

	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- run(ctx, flags, &bytes.Buffer{}) }()
	f.produce(3000)
	f.arrived(online, 100)
	broker.Restart()
	f.produce(3000)
	f.arrived(online, 495)
	store.Pause()
	f.produce(3000)
	store.Continue()
	f.produce(1000)
	store.Restart()
	f.produce(1000)
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	f.run("-cassandra", store.Addr(), "-keyspace", "outages") // what was produced after the interrupt
	f.compare(online)
}

// arrived waits until an online store has some rows.
func (f *fixture) arrived(online scanner, atLeast int) {
	f.Helper()
	for rows := 0; rows < atLeast; {
		rows = 0
		for _, err := range online.Scan(f.Context(), f.schema) {
			if err == nil {
				rows++
			}
		}
		select {
		case <-f.Context().Done():
			f.Fatal("nothing arrives")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// childArgs has the test binary be the command.
const childArgs = "TANDEM_TEST_ARGS"

func TestMain(m *testing.M) {
	if args := os.Getenv(childArgs); args != "" {
		os.Args = append(os.Args[:1], strings.Split(args, "\n")...)
		main()
		return
	}
	os.Exit(m.Run())
}

func command(t *testing.T, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0])
	c.Env = append(os.Environ(), childArgs+"="+strings.Join(args, "\n"))
	var out bytes.Buffer
	c.Stderr = &out
	return c, &out
}

func TestAnInterruptDrainsAndExitsWithZero(t *testing.T) {
	cluster, err := kafkatest.Start(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	f := newFixture(t, cluster.Brokers())
	f.produce(5000)
	c, out := command(t, f.args("-sqlite", f.file("online.db"), "-commit-every", "1h")...)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	f.arrived(&sqlite.Sink{File: f.file("online.db")}, 400) // the offline store has nothing to commit yet
	if err := c.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	f.run("-sqlite", f.file("online.db"))
	f.compare(&sqlite.Sink{File: f.file("online.db")})
}

func TestAnUnreachableServerIsOneClearLineAndExitOne(t *testing.T) {
	cluster, err := kafkatest.Start(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	f := newFixture(t, cluster.Brokers())
	noBroker := f.args("-sqlite", f.file("online.db"))
	noBroker[1] = "127.0.0.1:1"
	for want, args := range map[string][]string{
		"127.0.0.1:1":   noBroker,
		`node "online"`: f.args("-cassandra", "127.0.0.1:1", "-keyspace", "k"),
		`node "kafka": topic "nowhere" does not exist`: append(f.args("-sqlite", f.file("online.db")), "-topic", "nowhere"),
	} {
		c, out := command(t, args...)
		err := c.Run()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 1 {
			t.Errorf("%s: %v", want, err)
		}
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		last := lines[len(lines)-1]
		if !strings.HasPrefix(last, "tandem: ") || strings.Count(out.String(), "tandem: ") != 1 {
			t.Errorf("%s: not one line:\n%s", want, out)
		}
		if !strings.Contains(last, want) {
			t.Errorf("%q doesn't say %s", last, want)
		}
	}
}
