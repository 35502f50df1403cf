package servers

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// process names a process for good: its id may be given to another once it has ended, its id and start time may not.
type process struct {
	pid   int
	start string // in clock ticks since boot
}

// runOwner is the process whose life the shared servers' lives follow: the `go test` above this test process, or this
// process if it was started by hand.
func runOwner() (process, error) {
	pid := os.Getppid()
	if !isGoTest(pid) {
		pid = os.Getpid()
	}
	start, err := startTime(pid)
	return process{pid, start}, err
}

func isGoTest(pid int) bool {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return false
	}
	words := strings.Split(string(line), "\x00")
	return filepath.Base(words[0]) == "go" && slices.Contains(words[1:], "test")
}

// startTime fails for a process that has ended, be it reaped or not.
func startTime(pid int) (string, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", err
	}
	// The command's name is in parentheses and may itself hold spaces and parentheses. After it come state (field 3)
	// and so on to starttime (field 22).
	field := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(field) < 20 || field[0] == "Z" || field[0] == "X" {
		return "", fmt.Errorf("process %d has ended", pid)
	}
	return field[19], nil
}

func (p process) String() string { return strconv.Itoa(p.pid) + "-" + p.start }

func (p process) alive() bool {
	start, err := startTime(p.pid)
	return err == nil && start == p.start
}

// whileAlive returns a context that ends with p.
func whileAlive(p process) context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer cancel()
		for p.alive() {
			time.Sleep(100 * time.Millisecond)
		}
	}()
	return ctx
}
