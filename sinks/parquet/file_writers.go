package parquet

import (
	"io"
	"sync"

	pq "github.com/parquet-go/parquet-go"
)

// writers are those of one layout that write no file right now. They have
// buffers of a page for every column, which the next file takes over: so there
// are as many as there are files written at a time, and none is ever grown again.
type writers struct {
	mu   sync.Mutex
	idle []*pq.GenericWriter[any]
}

// get gives a writer to a file, made anew if none is idle.
func (w *writers) get(out io.Writer, options []pq.WriterOption) *pq.GenericWriter[any] {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(w.idle)
	if n == 0 {
		return pq.NewGenericWriter[any](out, options...)
	}
	one := w.idle[n-1]
	w.idle = w.idle[:n-1]
	one.Reset(out)
	return one
}

// put takes back the writer of a file that has ended. Reset blanks the columns'
// paths in that file's metadata, which are the very strings that the next one
// would be named by: so the metadata lets go of them first.
func (w *writers) put(one *pq.GenericWriter[any]) {
	groups := one.File().Metadata().RowGroups
	for i := range groups {
		for j := range groups[i].Columns {
			groups[i].Columns[j].MetaData.PathInSchema = nil
		}
	}
	one.Reset(io.Discard)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.idle = append(w.idle, one)
}
