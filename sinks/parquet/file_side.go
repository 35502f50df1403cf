package parquet

import (
	"errors"
	"io"
	"os"

	"github.com/tandemdata/tandem/sinks/parquet/internal/identity"
)

// side keeps the indexes that were made of files without one, for as long as the
// table is open: such a file, of which another engine may have written every one, is
// decoded once and not by each commit. They lie in a file that nothing names, 24 bytes
// a row. It is of whoever commits.
type side struct {
	file *os.File
	ends map[string]int64 // where the index of a data file ends, by its URI
	size int64
}

// keep adds an index. Where there is no room for it on disk it is made again.
func (s *side) keep(uri string, x *identity.Index, mark uint64) error {
	if s.file == nil {
		f, err := os.CreateTemp("", "tandem-index-*")
		if err != nil {
			return err
		}
		if err := os.Remove(f.Name()); err != nil {
			return errors.Join(err, f.Close())
		}
		s.file, s.ends = f, map[string]int64{}
	}
	out := &counter{w: io.NewOffsetWriter(s.file, s.size)}
	if err := x.Write(out, mark); err != nil {
		return err
	}
	s.size += out.n
	s.ends[uri] = s.size
	return nil
}

// of is the index of a data file; nil if it isn't kept.
func (s *side) of(uri string, mark uint64) (*identity.Reader, error) {
	end, ok := s.ends[uri]
	if !ok {
		return nil, nil
	}
	return identity.Open(s.file, end, mark)
}

func (s *side) close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}
