package pipeline

import (
	"sync"

	"github.com/tandemdata/tandem/pipeline/internal/engine"
)

// feedsOf finds the engine's feeds of a source by its own.
type feedsOf struct {
	mu    sync.Mutex
	inner map[*Feed]*engine.Feed
}

func (f *feedsOf) add(e *engine.Feed) *Feed {
	feed := &Feed{Lane: e.Lane, Push: e.Push, Full: e.Full, Done: e.Done()}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.inner == nil {
		f.inner = map[*Feed]*engine.Feed{}
	}
	f.inner[feed] = e
	return feed
}

// of lists the engine's feeds. One that isn't of this source is passed over.
func (f *feedsOf) of(list []*Feed) []*engine.Feed {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []*engine.Feed
	for _, feed := range list {
		if e := f.inner[feed]; e != nil {
			out = append(out, e)
		}
	}
	return out
}
