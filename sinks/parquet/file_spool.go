package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"github.com/tandemdata/tandem/pipeline"
)

// spool takes what the Parquet writer writes and never fails: bytes wait in memory
// until the disk has them, so that a full disk delays rows and loses none.
type spool struct {
	file    *file
	waiting []byte
	held    []byte // after what waits, while a footer is written
	holding bool
	written int64
}

// stuckBytes may wait for a disk that fails before Write refuses more.
const stuckBytes = 64 << 20

// drainBytes are written at a time.
const drainBytes = 1 << 20

func (s *spool) Write(b []byte) (int, error) {
	if s.holding {
		s.held = append(s.held, b...)
		return len(b), nil
	}
	s.waiting = append(s.waiting, b...)
	if len(s.waiting) >= drainBytes {
		_ = s.drain() // what fails is tried again with what comes next
	}
	return len(b), nil
}

// beforeFooter has finish write the end of a Parquet file, and puts what more
// writes between its page indexes and its footer, which must be last in a file
// and is written as mend returns it.
func (s *spool) beforeFooter(finish, more func() error, mend func(footer []byte) ([]byte, error)) error {
	s.holding = true
	err := finish()
	s.holding = false
	if err != nil {
		return err
	}
	end := s.held
	s.held = nil
	n := len(end) - tailBytes - int(binary.LittleEndian.Uint32(end[len(end)-tailBytes:]))
	_, _ = s.Write(end[:n])
	if err := more(); err != nil {
		return err
	}
	footer, err := mend(end[n:])
	if err != nil {
		return err
	}
	_, _ = s.Write(footer)
	return nil
}

func (s *spool) size() int64 { return s.written + int64(len(s.waiting)) }

// drain writes what waits. A part of it may be on disk already: it is written
// again at the same place.
func (s *spool) drain() error {
	if len(s.waiting) == 0 {
		return nil
	}
	if _, err := s.file.WriteAt(s.waiting, s.written); err != nil {
		return err
	}
	s.written += int64(len(s.waiting))
	s.waiting = s.waiting[:0]
	return nil
}

// stuck is the disk's error, once too much waits for it.
func (s *spool) stuck() error {
	if len(s.waiting) < stuckBytes {
		return nil
	}
	return s.drain()
}

// sync makes the file durable, and closes it. After one failed sync the file is
// given up: the kernel may have dropped what it couldn't write, and the next sync
// would not report it. The rows are then replayed from the log.
func (s *spool) sync() error {
	if err := s.drain(); err != nil {
		return err
	}
	s.waiting = nil
	if err := s.file.Sync(); err != nil {
		return pipeline.Restart(fmt.Errorf("data file lost: %w", err))
	}
	return s.file.File.Close()
}

// discard removes the file.
func (s *spool) discard() error {
	err := s.file.File.Close()
	if errors.Is(err, os.ErrClosed) {
		err = nil
	}
	return errors.Join(err, s.file.disk.Remove(s.file.Name()))
}
