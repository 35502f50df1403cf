// Package servers starts a real Kafka, a real Cassandra and a real schema registry for the tests, so that what is said
// about them is tried on them.
//
// [Kafka], [Cassandra] and [Registry] are shared: one of each serves a whole `go test ./...`, though every package is a process of
// its own. [StartKafka] and [StartCassandra] are one test's own, to be stopped, killed and paused.
//
// They run as child processes from Maven's artifacts, on free ports of 127.0.0.1, and need Linux, Java 17 and (for the
// first download) Maven. TANDEM_KAFKA, TANDEM_CASSANDRA and TANDEM_REGISTRY, comma separated addresses, point the same tests at servers
// that already run, such as those of compose.yaml. TANDEM_REAL=off skips the tests that need them; TANDEM_REAL=require
// makes every such skip a failure.
//
// How the shared ones come and go:
//
//	servers.go      what a test calls
//	shared.go       the first process that needs a server starts its supervisor; the others wait for its word
//	supervisor.go   a detached process that keeps one server for as long as `go test` lives
//	launch.go       configuration, ports, process, readiness; also under those of own.go, which a test has by private.go
//	run.go          the directory of one server, and the lock which says that its owner lives
//	jars.go         the artifacts, downloaded once and kept in the user's cache directory
//
// [Python], [Lake] and [Spark] are no servers, but come and are skipped like them: other people's clients of Kafka, and
// readers of Iceberg tables.
package servers

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Kafka returns the addresses of a real Kafka that other tests use too, or skips the test and says how to run it.
// Topics are not created on first use, and have 4 partitions unless asked otherwise.
func Kafka(t testing.TB) []string {
	t.Helper()
	return addresses(t, kafka)
}

// Cassandra returns the contact point (host:port) of a real Cassandra that other tests use too, or skips the test and
// says how to run it.
func Cassandra(t testing.TB) string {
	t.Helper()
	return addresses(t, cassandra)[0]
}

// Registry returns the URL of a real schema registry that other tests use too, or skips the test and says how to run it.
func Registry(t testing.TB) string {
	t.Helper()
	return "http://" + addresses(t, registry)[0] + registryPath
}

func addresses(t testing.TB, k *kind) []string {
	t.Helper()
	skipIfDeclined(t, k)
	if given := os.Getenv(k.variable); given != "" {
		return strings.Split(given, ",")
	}
	skipIfMissing(t, k)
	addr, err := shared(k)
	if err != nil {
		t.Fatal(err)
	}
	return []string{addr}
}

func skipIfDeclined(t testing.TB, k fmt.Stringer) {
	t.Helper()
	if os.Getenv("TANDEM_REAL") == "off" {
		skip(t, k, "TANDEM_REAL=off", "unset it")
	}
	if testing.Short() {
		skip(t, k, "-short", "leave it out")
	}
}

func skipIfMissing(t testing.TB, k *kind) {
	t.Helper()
	if why := k.missing(); why != "" {
		skip(t, k, why, fmt.Sprintf("install Java 17 and Maven, or `docker compose up --wait` and set %s=%s", k.variable, k.composed))
	}
}

func skip(t testing.TB, k fmt.Stringer, why, remedy string) {
	t.Helper()
	said := fmt.Sprintf("NOT TESTED on a real %s: %s. To test it, %s.", k, why, remedy)
	if os.Getenv("TANDEM_REAL") == "require" {
		t.Fatalf("%s (TANDEM_REAL=require)", said)
	}
	if _, before := told.LoadOrStore(k.String(), true); !before {
		tellTerminal(said)
	}
	t.Skip(said)
}

var told sync.Map // kinds of server, each said once a package

// tellTerminal writes past `go test`, which shows what a package says only where
// a test fails or with -v: whoever sits in front of it should know.
func tellTerminal(said string) {
	tty, err := os.OpenFile("/dev/tty", os.O_WRONLY, 0)
	if err != nil {
		return // nobody does
	}
	defer tty.Close()
	fmt.Fprintf(tty, "%s: %s\n", filepath.Base(os.Args[0]), said)
}
