package insync

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
)

// doubt is a key that looked like a fault at one cut.
type doubt struct {
	key             []byte
	offline, online *entry // nil: none
	look            int    // at which it was first absent online, with that row offline
}

// doubts are as many as there may be, on scratch disk.
type doubts struct {
	path  string
	round int

	mu   sync.Mutex
	file *os.File
	out  *bufio.Writer
	buf  []byte
	n    int64
}

func newDoubts(dir, name string) (*doubts, error) {
	d := &doubts{path: filepath.Join(dir, name)}
	return d, d.create()
}

func (d *doubts) create() (err error) {
	d.file, err = os.Create(d.path + strconv.Itoa(d.round%2))
	d.out, d.n = bufio.NewWriterSize(d.file, pageBytes), 0
	return err
}

func (d *doubts) close() error { return errors.Join(d.file.Close(), os.Remove(d.file.Name())) }

const (
	hasOffline = 1 << iota
	hasOnline
)

// add may be called from several goroutines.
func (d *doubts) add(x doubt) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	b := append(d.buf[:0], 0)
	b = binary.AppendUvarint(b, uint64(x.look))
	b = binary.AppendUvarint(b, uint64(len(x.key)))
	b = append(b, x.key...)
	if x.offline != nil {
		b[0] |= hasOffline
		b = x.offline.appendRow(b)
	}
	if x.online != nil {
		b[0] |= hasOnline
		b = x.online.appendRow(b)
	}
	d.buf = b
	d.n++
	_, err := d.out.Write(b)
	return err
}

// turn gives the doubts so far as a reader, and takes those of the next round.
func (d *doubts) turn() (*doubtReader, error) {
	if err := d.out.Flush(); err != nil {
		return nil, err
	}
	if _, err := d.file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	r := &doubtReader{d.file, bufio.NewReaderSize(d.file, pageBytes)}
	d.round++
	return r, d.create()
}

type doubtReader struct {
	file *os.File
	in   *bufio.Reader
}

func (r *doubtReader) close() error { return errors.Join(r.file.Close(), os.Remove(r.file.Name())) }

// chunks gives the doubts, many at a time.
func (r *doubtReader) chunks(do func([]doubt) error) error {
	for {
		chunk, err := r.some(chunkDoubts)
		if err != nil || len(chunk) == 0 {
			return err
		}
		if err := do(chunk); err != nil {
			return err
		}
	}
}

// some reads up to n doubts; none is the end.
func (r *doubtReader) some(n int) ([]doubt, error) {
	var out []doubt
	for len(out) < n {
		x, err := r.one()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		out = append(out, x)
	}
	return out, nil
}

func (r *doubtReader) one() (x doubt, err error) {
	flags, err := r.in.ReadByte()
	if err != nil {
		return x, err
	}
	look, err := binary.ReadUvarint(r.in)
	if err != nil {
		return x, errScratch
	}
	size, err := binary.ReadUvarint(r.in)
	if err != nil || size > 1<<31 {
		return x, errScratch
	}
	x.look, x.key = int(look), make([]byte, size)
	if _, err := io.ReadFull(r.in, x.key); err != nil {
		return x, errScratch
	}
	if flags&hasOffline != 0 {
		x.offline, err = r.row(x.key)
	}
	if flags&hasOnline != 0 && err == nil {
		x.online, err = r.row(x.key)
	}
	return x, err
}

func (r *doubtReader) row(key []byte) (*entry, error) {
	var b [fixed]byte
	if _, err := io.ReadFull(r.in, b[:]); err != nil {
		return nil, errScratch
	}
	e := &entry{key: key}
	_, err := e.cutRow(b[:])
	return e, err
}
