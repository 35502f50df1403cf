//go:build !linux

package servers

import (
	"os"
	"os/exec"
)

// Servers are started on Linux only (see kind.missing), so none of these is called. They let tests that have their
// servers from TANDEM_KAFKA and TANDEM_CASSANDRA build everywhere.

func detach(*exec.Cmd) {}

func tryLock(*os.File) (bool, error) { panic("servers: Linux only") }

func keepFromChildren(*os.File) {}
