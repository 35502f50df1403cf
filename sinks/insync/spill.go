package insync

import (
	"errors"
	"hash/maphash"
	"os"
	"path/filepath"
	"strconv"
	"sync"
)

// pageBytes is what a goroutine gathers of one part before it writes.
const pageBytes = 16 << 10

// spill is entries on scratch disk, in parts by their keys' hashes: what is of
// one key is in one part.
type spill struct {
	seed  maphash.Seed
	files []*os.File
	mu    []sync.Mutex // of each file
	sizes []int64
}

func newSpill(dir, name string, seed maphash.Seed, parts int) (*spill, error) {
	s := &spill{seed: seed, mu: make([]sync.Mutex, parts), sizes: make([]int64, parts)}
	for i := range parts {
		f, err := os.Create(filepath.Join(dir, name+strconv.Itoa(i)))
		if err != nil {
			return nil, errors.Join(err, s.close())
		}
		s.files = append(s.files, f)
	}
	return s, nil
}

func (s *spill) close() error {
	var errs []error
	for _, f := range s.files {
		errs = append(errs, f.Close(), os.Remove(f.Name()))
	}
	s.files = nil
	return errors.Join(errs...)
}

func (s *spill) part(key []byte) int { return int(maphash.Bytes(s.seed, key) % uint64(len(s.files))) }

// write appends whole entries to a part.
func (s *spill) write(part int, b []byte) error {
	s.mu[part].Lock()
	defer s.mu[part].Unlock()
	n, err := s.files[part].Write(b)
	s.sizes[part] += int64(n)
	return err
}

// read loads a part, into buf where it has room.
func (s *spill) read(part int, buf []byte) ([]byte, error) {
	if n := int(s.sizes[part]); cap(buf) < n {
		buf = make([]byte, n, n+n/8)
	} else {
		buf = buf[:n]
	}
	_, err := s.files[part].ReadAt(buf, 0)
	if len(buf) == 0 {
		err = nil
	}
	return buf, err
}

// pages gather one goroutine's entries for a spill.
type pages struct {
	spill *spill
	open  [][]byte // by part
}

func newPages(s *spill) *pages { return &pages{s, make([][]byte, len(s.files))} }

func (p *pages) add(e *entry) error {
	return p.put(p.spill.part(e.key), func(b []byte) []byte { return e.append(b) })
}

func (p *pages) put(part int, add func([]byte) []byte) error {
	if p.open[part] == nil {
		p.open[part] = make([]byte, 0, pageBytes+1024)
	}
	p.open[part] = add(p.open[part])
	if len(p.open[part]) < pageBytes {
		return nil
	}
	err := p.spill.write(part, p.open[part])
	p.open[part] = p.open[part][:0]
	return err
}

func (p *pages) flush() error {
	var errs []error
	for part, b := range p.open {
		if len(b) > 0 {
			errs = append(errs, p.spill.write(part, b))
		}
		p.open[part] = b[:0]
	}
	return errors.Join(errs...)
}
