//go:build !linux

package child

import (
	"os/exec"
	"syscall"
)

// The processes that need more than this are started on Linux only; here it only has to build.
const (
	sigStop = syscall.SIGTERM
	sigCont = syscall.SIGTERM
)

func dieWithParent(*exec.Cmd) {}

func stopped(int) error { return nil }
