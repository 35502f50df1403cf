package parquet

import (
	"context"
	"strconv"
	"strings"
)

// tends reports whether it is this process that tends the table: of those that
// write a topic's partitions side by side, the one that was given the lowest. Two
// may think so for a while, which costs work and no more.
func (w *writer) tends(ctx context.Context) (bool, error) {
	t, err := w.lake.load(ctx)
	if err != nil {
		return false, err
	}
	all, err := progressOf(t)
	if err != nil {
		return false, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	topic := ""
	for p := range w.given {
		if topic == "" || p.topic < topic {
			topic = p.topic
		}
	}
	lowest := int64(-1)
	for name := range all {
		i := strings.LastIndexByte(name, '/')
		if id, err := strconv.ParseInt(name[i+1:], 10, 32); err == nil && name[:i] == topic && (lowest < 0 || id < lowest) {
			lowest = id
		}
	}
	return w.given[partition{topic, int32(lowest)}], nil
}
