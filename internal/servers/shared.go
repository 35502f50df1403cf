package servers

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/tandemdata/tandem/internal/child"
)

// state is what a supervisor says about its server.
type state struct {
	Addr    string // where clients connect, once it is ready
	PID     int    // the server's process
	Failure string // why there is none
}

// shared returns the address of this run's server, and has a supervisor start it if it is the first to ask.
//
// Whoever gets the lock of the run directory starts the supervisor and hands it the lock with the process: no moment
// passes in which another could take it. So the lock is free only before the first supervisor and after one that was
// killed, and then whatever state there is speaks of a server that is gone.
func shared(k *kind) (string, error) {
	owner, err := runOwner()
	if err != nil {
		return "", err
	}
	dir := sharedDir(k, owner)
	for started := 0; ; {
		lock, err := acquire(dir)
		if err != nil {
			return "", err
		}
		if lock != nil {
			if started++; started > 3 {
				lock.Close()
				return "", fmt.Errorf("servers: the supervisor of %s ends at once:\n%s", k, child.Tail(supervisorLog(dir)))
			}
			if err := startSupervisor(k, owner, dir, lock); err != nil {
				return "", err
			}
		}
		s, err := readState(dir)
		if err == nil && s.Failure != "" {
			return "", errors.New(s.Failure)
		}
		if err == nil {
			return s.Addr, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func sharedDir(k *kind, owner process) string {
	return filepath.Join(runRoot(), k.name+"-"+owner.String())
}

// startSupervisor starts this same binary as the supervisor (see init in supervisor.go) and gives it the lock. None of
// this process's files go along: `go test` waits until all who can write to its output have closed it.
func startSupervisor(k *kind, owner process, dir string, lock *os.File) error {
	defer lock.Close()
	if err := os.RemoveAll(stateFile(dir)); err != nil {
		return err
	}
	log, err := os.Create(supervisorLog(dir))
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), order(k, owner))
	cmd.Dir = dir
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = []*os.File{lock}
	detach(cmd)
	if err := cmd.Start(); err != nil {
		return err
	}
	return cmd.Process.Release()
}

func stateFile(dir string) string { return filepath.Join(dir, "state.json") }

func supervisorLog(dir string) string { return filepath.Join(dir, "supervisor.log") }

func readState(dir string) (state, error) {
	var s state
	text, err := os.ReadFile(stateFile(dir))
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal(text, &s)
}

// writeState is atomic: readers see the old state or the new one.
func writeState(dir string, s state) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	draft := stateFile(dir) + ".draft"
	if err := os.WriteFile(draft, text, 0o644); err != nil {
		return err
	}
	return os.Rename(draft, stateFile(dir))
}
