package child

import (
	"fmt"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	sigStop = syscall.SIGSTOP
	sigCont = syscall.SIGCONT
)

// dieWithParent has the kernel kill cmd's process when the thread that started it ends.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}

// stopped waits until a child that was told to stop has done so. A child that ended instead is an error.
func stopped(pid int) error {
	for {
		var info unix.Siginfo
		err := unix.Waitid(unix.P_PID, pid, &info, unix.WSTOPPED|unix.WEXITED|unix.WNOWAIT, nil)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return fmt.Errorf("wait for process %d to stop: %w", pid, err)
		case info.Code != cldStopped:
			return fmt.Errorf("process %d ended before it stopped", pid)
		default:
			return nil
		}
	}
}

const cldStopped = 5 // CLD_STOPPED of siginfo_t's si_code
