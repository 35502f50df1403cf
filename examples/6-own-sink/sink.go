package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"strings"
	"sync"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// Sink keeps the newest row of each key, a group in one file, which any Go
// program can load whole: see Load. It is for small tables, as each Write
// replaces the file, and for one process, whose graphs share the Sink.
type Sink struct {
	Dir string // required: where <group>_<version>.gob is

	mu     sync.Mutex // also guards what is in the tables
	tables map[string]*Table
}

// A mistake in a method is reported here, beside the type.
var (
	_ pipeline.Sink   = &Sink{}
	_ pipeline.Writer = &writer{}
)

// Store says that this is the online store: one row a key.
func (s *Sink) Store() feature.Store { return feature.Online }

// Check reports all that the sink can't keep. It is called before anything is opened.
func (s *Sink) Check(schema *feature.Schema) error {
	var errs []error
	if s.Dir == "" {
		errs = append(errs, errors.New("no Dir"))
	}
	if schema.Group.TTL > 0 {
		errs = append(errs, fmt.Errorf("rows don't expire, and the group has a TTL of %v", schema.Group.TTL))
	}
	return errors.Join(errs...)
}

// Open loads the table, or makes it. A file that was made for other rows is refused.
func (s *Sink) Open(_ context.Context, n *pipeline.SinkNode) (pipeline.Writer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	file := s.file(n.Schema)
	t, err := s.load(file)
	if err != nil {
		return nil, err
	}
	want := shape(n.Schema)
	if t.Shape == "" {
		t = &Table{Shape: want, Rows: map[string]feature.Stored{}}
		err = t.save(file)
	} else if t.Shape != want {
		err = fmt.Errorf("%s holds %s, and the rows are %s", file, t.Shape, want)
	}
	if err != nil {
		return nil, err
	}
	s.set(file, t)
	return &writer{sink: s, node: n, file: file, taken: map[*feature.Lane]int64{}}, nil
}

func (s *Sink) file(schema *feature.Schema) string {
	return filepath.Join(s.Dir, schema.Group.Table()+".gob")
}

func (s *Sink) load(file string) (*Table, error) {
	if t := s.tables[file]; t != nil {
		return t, nil
	}
	return Load(file)
}

func (s *Sink) set(file string, t *Table) {
	if s.tables == nil {
		s.tables = map[string]*Table{}
	}
	s.tables[file] = t
}

func shape(s *feature.Schema) string {
	g := s.Group
	return fmt.Sprintf("%s (%v), primary key (%s), event time %q, by %v", g.Table(), s, strings.Join(g.PrimaryKey, ", "), g.EventTime, g.Order)
}

// Scan reads the rows back, for sinktest and for insync.
func (s *Sink) Scan(_ context.Context, schema *feature.Schema) iter.Seq2[feature.Stored, error] {
	return func(yield func(feature.Stored, error) bool) {
		t, err := Load(s.file(schema))
		if err != nil {
			yield(feature.Stored{}, err)
			return
		}
		for _, row := range t.Rows {
			if !row.Version.Delete && !yield(row, nil) {
				return
			}
		}
	}
}
