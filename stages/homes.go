package stages

import (
	"fmt"
	"log/slog"
	"sync"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// homes remembers in which partition each key lives, for all lanes together.
// Producers of one topic may hash keys differently, and partitions that are
// added move keys.
type homes struct {
	log *slog.Logger

	mu   sync.Mutex
	seen *window // an entry's content is the partition
	told bool
}

func newHomes(keys int, log *slog.Logger) *homes { return &homes{log: log, seen: newWindow(keys)} }

// visit notes the keys of a batch, and says if one of them lived elsewhere.
func (h *homes) visit(rows *feature.Rows, refuse bool) error {
	if h == nil {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range rows.Len() {
		if stores(rows, i) == 0 {
			continue
		}
		e, known := h.seen.entry(rows.KeyDigest(i))
		was := int32(e.content)
		e.content = uint64(rows.Partition)
		h.seen.keep(e)
		if !known || was == rows.Partition {
			continue
		}
		err := &pipeline.RecordError{TopicPartition: rows.TopicPartition, Offset: rows.Records[i].Offset, Err: fmt.Errorf(
			"the key of this row was in partition %d before: order by log can't tell which row is the newer", was)}
		if refuse {
			return err
		}
		if !h.told {
			h.told = true
			h.log.Warn("a key is in two partitions; the greater offset wins", "row", err)
		}
	}
	return nil
}
