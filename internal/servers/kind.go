package servers

import (
	"context"
	"net"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
)

// kind is one sort of server: what it is made of, how it starts, and how it shows that it is ready.
type kind struct {
	name      string // in the names of files and directories
	version   string
	variable  string   // the environment variable with the addresses of one that already runs
	composed  string   // the address in compose.yaml
	artifacts []string // group:artifact:version, and type:classifier of one that isn't a jar
	archives  bool     // artifacts are unpacked, and bring what they need with them
	ports     int      // how many it listens on, the first of which is for clients

	// configure fills the instance's empty home.
	configure func(context.Context, *instance) error
	// arguments are java's.
	arguments func(*instance) []string
	// probe returns nil when the server at the other end of conn does what tests will ask of it.
	probe func(conn net.Conn) error
}

// String is the kind's name and version, for people.
func (k *kind) String() string { return k.name + " " + k.version }

// missing says what keeps this machine from starting a server, or nothing.
func (k *kind) missing() string {
	if runtime.GOOS != "linux" {
		return "its process can be kept in hand on Linux only"
	}
	if javaVersion() < 17 {
		return "no java 17 or newer on PATH"
	}
	if _, err := os.Stat(k.jarDir()); err == nil {
		return ""
	}
	if _, err := exec.LookPath("mvn"); err != nil {
		return "no mvn on PATH"
	}
	return ""
}

var javaVersionLine = regexp.MustCompile(`version "(\d+)`)

// javaVersion is the major version of the java on PATH, 0 if there is none.
func javaVersion() int {
	said, _ := exec.Command("java", "-version").CombinedOutput()
	found := javaVersionLine.FindSubmatch(said)
	if found == nil {
		return 0
	}
	major, _ := strconv.Atoi(string(found[1]))
	return major
}
