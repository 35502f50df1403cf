package servers

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

const roleVariable = "TANDEM_SERVERS_TEST_ROLE"

// TestMain lets this binary play the other processes of a `go test ./...`.
func TestMain(m *testing.M) {
	switch os.Getenv(roleVariable) {
	case "go test":
		playGoTest()
	case "package":
		playPackage()
	default:
		os.Exit(m.Run())
	}
}

// playGoTest runs two packages at a time and then waits to be killed.
func playGoTest() {
	for range 2 {
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = append(os.Environ(), roleVariable+"=package")
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		if err := cmd.Start(); err != nil {
			fmt.Println(err)
		}
		defer cmd.Wait()
	}
	io.Copy(io.Discard, os.Stdin)
}

func playPackage() {
	if _, err := shared(kafka); err != nil {
		fmt.Println(err)
		return
	}
	owner, _ := runOwner()
	s, _ := readState(sharedDir(kafka, owner))
	fmt.Println(s.Addr, s.PID)
}

// goTest is a run of its own, with a Kafka of its own that its two packages share.
type goTest struct {
	cmd    *exec.Cmd
	addr   string
	server process
	dir    string
}

func startGoTest(t *testing.T) *goTest {
	t.Helper()
	skipIfDeclined(t, kafka)
	skipIfMissing(t, kafka)
	cmd := exec.Command("/proc/self/exe", "test")
	cmd.Args[0] = "go"
	cmd.Env = append(os.Environ(), roleVariable+"=go test")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	must(t, err)
	_, err = cmd.StdinPipe() // open for as long as the command runs
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})

	packages := bufio.NewReader(out)
	first, err := packages.ReadString('\n')
	must(t, err)
	second, err := packages.ReadString('\n')
	must(t, err)
	if first != second {
		t.Fatalf("two packages of one run were told of two servers:\n%s%s", first, second)
	}
	return describe(t, cmd, first)
}

func describe(t *testing.T, cmd *exec.Cmd, line string) *goTest {
	t.Helper()
	g := &goTest{cmd: cmd}
	if _, err := fmt.Sscan(line, &g.addr, &g.server.pid); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	var err error
	g.server.start, err = startTime(g.server.pid)
	must(t, err)
	start, err := startTime(cmd.Process.Pid)
	must(t, err)
	g.dir = sharedDir(kafka, process{cmd.Process.Pid, start})
	return g
}

func TestPackagesOfARunShareAServerThatEndsWithTheRun(t *testing.T) {
	run := startGoTest(t)
	roundTrip(t, kafka, run.addr)
	must(t, run.cmd.Process.Kill())
	run.cmd.Wait()
	eventually(t, "the server has ended", func() bool { return !run.server.alive() })
	eventually(t, "its directory is gone", func() bool {
		_, err := os.Stat(run.dir)
		return os.IsNotExist(err)
	})
}

func TestServerEndsWithItsSupervisor(t *testing.T) {
	run := startGoTest(t)
	supervisor, err := os.FindProcess(parent(t, run.server.pid))
	must(t, err)
	must(t, supervisor.Kill())
	eventually(t, "the server has ended", func() bool { return !run.server.alive() })
	eventually(t, "its directory is swept", func() bool {
		sweep()
		_, err := os.Stat(run.dir)
		return os.IsNotExist(err)
	})
}

func parent(t *testing.T, pid int) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	must(t, err)
	_, rest, _ := strings.Cut(string(status), "PPid:\t")
	line, _, _ := strings.Cut(rest, "\n")
	ppid, err := strconv.Atoi(line)
	must(t, err)
	return ppid
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for limit := time.Now().Add(30 * time.Second); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("not so after 30 s: %s", what)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
