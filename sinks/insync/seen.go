package insync

import (
	"maps"
	"sync"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// seen is how far in the log the online store has come, by the rows that it showed.
type seen struct {
	mu   sync.Mutex
	ends map[int32]reach
}

func (s *seen) see(rows []feature.Version) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ends == nil {
		s.ends = map[int32]reach{}
	}
	for _, v := range rows {
		if r := (reach{v.Epoch, v.Offset + 1}); s.ends[v.Partition].before(r) {
			s.ends[v.Partition] = r
		}
	}
}

func (s *seen) all() map[int32]reach {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.ends)
}

// finder finds doubtful keys among rows.
type finder struct {
	mu      sync.Mutex
	encoder encoder
	chunk   []doubt
	at      map[string]int
	found   func(*doubt, *entry)
}

func (r *run) finder(chunk []doubt, at map[string]int, found func(*doubt, *entry)) *finder {
	return &finder{encoder: encoder{schema: r.Schema, seed: r.seed}, chunk: chunk, at: at, found: found}
}

func (f *finder) look(rows *feature.Scanned) {
	f.each(rows, func(k, i int) {
		e := f.encoder.of(rows, i)
		e.key = f.chunk[k].key
		f.found(&f.chunk[k], &e)
	})
}

// each gives the doubtful keys' rows, by their places in both lists.
func (f *finder) each(rows *feature.Scanned, do func(k, i int)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range rows.Len() {
		if k, ok := f.at[string(f.encoder.key(rows, i))]; ok {
			do(k, i)
		}
	}
}
