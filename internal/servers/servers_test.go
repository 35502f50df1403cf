package servers

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestKafka(t *testing.T) {
	for _, addr := range Kafka(t) {
		roundTrip(t, kafka, addr)
	}
}

func TestCassandra(t *testing.T) {
	roundTrip(t, cassandra, Cassandra(t))
}

func roundTrip(t *testing.T, k *kind, addr string) {
	t.Helper()
	conn, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	if err := k.probe(conn); err != nil {
		t.Fatalf("%s at %s: %v", k, addr, err)
	}
}

func TestServersGivenByTheEnvironmentAreTaken(t *testing.T) {
	if testing.Short() {
		t.Skip("-short skips them all the same")
	}
	t.Setenv("TANDEM_REAL", "")
	t.Setenv("TANDEM_KAFKA", "one:1,two:2")
	t.Setenv("TANDEM_CASSANDRA", "three:3,four:4")
	if got := fmt.Sprintln(Kafka(t), Cassandra(t)); got != "[one:1 two:2] three:3\n" {
		t.Fatal(got)
	}
}

func TestSkipSaysHowToTest(t *testing.T) {
	if testing.Short() {
		t.Skip("-short is a reason of its own")
	}
	for _, c := range []struct{ real, path, want string }{
		{"off", os.Getenv("PATH"), "skip: NOT TESTED on a real kafka 4.1.0: TANDEM_REAL=off. To test it, unset it."},
		{"", "", "skip: NOT TESTED on a real kafka 4.1.0: no java 17 or newer on PATH. To test it, install Java 17"},
		{"require", "", "fatal: NOT TESTED on a real kafka 4.1.0: no java 17 or newer on PATH."},
	} {
		t.Setenv("TANDEM_REAL", c.real)
		t.Setenv("PATH", c.path)
		t.Setenv("TANDEM_KAFKA", "")
		shared := said(t, func(t testing.TB) { Kafka(t) })
		private := said(t, func(t testing.TB) { StartKafka(t) })
		if !strings.HasPrefix(shared, c.want) || private != shared {
			t.Errorf("TANDEM_REAL=%q:\ngot  %s\nand  %s\nwant %s", c.real, shared, private, c.want)
		}
	}
}

func TestPythonIsSkippedLikeAServer(t *testing.T) {
	if testing.Short() {
		t.Skip("-short is a reason of its own")
	}
	for real, want := range map[string]string{
		"off":     "skip: NOT TESTED on a real fastavro and confluent-kafka: TANDEM_REAL=off. To test it, unset it.",
		"":        "skip: NOT TESTED on a real fastavro and confluent-kafka: no python3 with pip on PATH. To test it, install Python 3 and pip.",
		"require": "fatal: NOT TESTED on a real fastavro and confluent-kafka: no python3 with pip on PATH.",
	} {
		t.Setenv("TANDEM_REAL", real)
		t.Setenv("PATH", "")
		if got := said(t, func(t testing.TB) { Python(t, "none.py") }); !strings.HasPrefix(got, want) {
			t.Errorf("TANDEM_REAL=%q:\ngot  %s\nwant %s", real, got, want)
		}
	}
}

// said returns how and with which words f ended its test.
func said(t *testing.T, f func(testing.TB)) string {
	r := &recorder{TB: t}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		f(r)
	}()
	<-ended
	return r.said
}

type recorder struct {
	testing.TB
	said string
}

func (r *recorder) Skip(args ...any) {
	r.said = "skip: " + fmt.Sprint(args...)
	runtime.Goexit()
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.said = "fatal: " + fmt.Sprintf(format, args...)
	runtime.Goexit()
}
