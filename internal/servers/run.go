package servers

import (
	"context"
	"os"
	"path/filepath"
	"time"
)

// A run directory holds everything of one server while it runs. Its owner holds the lock in it for as long as it
// lives, so a directory whose lock can be had is left over from an owner that was killed.

func runRoot() string { return filepath.Join(cacheDir(), "run") }

// acquire takes the lock of dir, which it makes if need be. It returns nil when another process has it.
func acquire(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	lock, err := lockFile(filepath.Join(dir, "lock"), os.O_CREATE)
	if os.IsNotExist(err) {
		return nil, nil // swept between MkdirAll and here
	}
	return lock, err
}

// lockFile returns the file with its lock taken, or nil when another process has it.
func lockFile(name string, flag int) (*os.File, error) {
	f, err := os.OpenFile(name, flag|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	taken, err := tryLock(f)
	if taken && !isStill(f, name) {
		taken = false // a sweep removed the file between open and lock: this lock guards nothing
	}
	if !taken {
		f.Close()
		return nil, err
	}
	return f, nil
}

func isStill(f *os.File, name string) bool {
	held, err := f.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(name)
	return err == nil && os.SameFile(held, named)
}

// waitAcquire is acquire once others are done with dir.
func waitAcquire(ctx context.Context, dir string) (*os.File, error) {
	for {
		lock, err := acquire(dir)
		if lock != nil || err != nil {
			return lock, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// sweep removes the run directories whose owners are gone.
func sweep() {
	left, _ := filepath.Glob(filepath.Join(runRoot(), "*", "lock"))
	for _, name := range left {
		if lock, err := lockFile(name, 0); err == nil && lock != nil {
			os.RemoveAll(filepath.Dir(name))
			lock.Close()
		}
	}
}
