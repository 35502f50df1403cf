package servers

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// detach puts cmd's process into a session of its own, out of reach of the terminal's Ctrl-C.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
}

// tryLock takes f's lock if nobody holds it. The lock belongs to the open file, children that inherit it included, and
// ends with the last of its holders.
func tryLock(f *os.File) (bool, error) {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// keepFromChildren ends the inheritance of a file that was itself inherited.
func keepFromChildren(f *os.File) { syscall.CloseOnExec(int(f.Fd())) }
