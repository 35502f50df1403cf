package parquet

import (
	"compress/flate"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/apache/iceberg-go/table"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// What a snapshot's summary says beside Iceberg's own counts. The table's
// property of the same name is for people; it is never read back, for it does
// not follow the table to an older snapshot.
const (
	progressKey = "tandem.progress" // of all partitions: {"topic/partition": feature.Progress}, see pack
	commitKey   = "tandem.commit"   // names the commit, so that a writer knows its own
	clockKey    = "tandem.clock"    // milliseconds by the writer's clock, where the table's time is a minute ahead of it
)

// progress is how far each partition is durable, by topic/partition.
type progress map[string]feature.Progress

func progressName(topic string, id int32) string { return topic + "/" + strconv.Itoa(int(id)) }

// progressOf reads the nearest snapshot that carries progress: others, such as
// those of a compaction, may not.
func progressOf(t *table.Table) (progress, error) {
	p := progress{}
	packed, err := progressText(t)
	if err != nil {
		return nil, err
	}
	text, err := unpack(packed)
	if err == nil {
		err = json.Unmarshal(text, &p)
	}
	if err != nil {
		return nil, fmt.Errorf("table %s: %s: %w", t.Identifier()[1], progressKey, err)
	}
	return p, nil
}

// A table's metadata has the summaries of all its snapshots, and is written
// with each commit: progress of many partitions is kept short.
const (
	packed    = "deflate:" // then base64 of the JSON text, deflated
	packAbove = 1024       // bytes; what is shorter stands as it is
)

func pack(text []byte) string {
	if len(text) <= packAbove {
		return string(text)
	}
	var b strings.Builder
	b.WriteString(packed)
	e := base64.NewEncoder(base64.StdEncoding, &b)
	w, _ := flate.NewWriter(e, flate.DefaultCompression) // fails on an unknown level only
	_, _ = w.Write(text)                                 // a builder takes everything
	_, _ = w.Close(), e.Close()
	return b.String()
}

func unpack(s string) ([]byte, error) {
	short, ok := strings.CutPrefix(s, packed)
	if !ok {
		return []byte(s), nil
	}
	return io.ReadAll(flate.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(short))))
}

// progressText walks from the current snapshot back to the first that carries
// progress. Where another engine has expired what lies between, that is the one
// with progressTag, if it is older than what is left of the walk.
func progressText(t *table.Table) (string, error) {
	last := t.CurrentSnapshot()
	for s := last; s != nil; s = parentOf(t, s) {
		if text, ok := summary(s, progressKey); ok {
			return text, nil
		}
		last = s
	}
	if last == nil || began(last) {
		return "{}", nil
	}
	if s := t.SnapshotByName(progressTag); s != nil && s.SequenceNumber < last.SequenceNumber {
		if text, ok := summary(s, progressKey); ok {
			return text, nil
		}
	}
	if _, had := t.Properties()[progressKey]; had {
		return "", fmt.Errorf("table %s: the snapshots that carried %s were expired, and tag %s doesn't name one: roll it back to one of ours, or remove the property to start from the log's beginning",
			t.Identifier()[1], progressKey, progressTag)
	}
	return "{}", nil
}

// began reports whether a snapshot is the table's first. To have no parent doesn't
// say so: some engines take the parent away when they expire it.
func began(s *table.Snapshot) bool { return s.ParentSnapshotID == nil && s.SequenceNumber <= 1 }

func parentOf(t *table.Table, s *table.Snapshot) *table.Snapshot {
	if s.ParentSnapshotID == nil {
		return nil
	}
	return t.SnapshotByID(*s.ParentSnapshotID)
}

func summary(s *table.Snapshot, key string) (string, bool) {
	if s.Summary == nil {
		return "", false
	}
	v, ok := s.Summary.Properties[key]
	return v, ok
}

// holds reports whether a commit of that name is in the table. One that history
// has thinned out meanwhile is not found; then checkStored sees that the table has moved on.
func holds(t *table.Table, id string) bool {
	for s := t.CurrentSnapshot(); s != nil; s = parentOf(t, s) {
		if v, ok := summary(s, commitKey); ok && v == id {
			return true
		}
	}
	return false
}

// Progress is what the current snapshot says of a partition.
func (w *writer) Progress(ctx context.Context, topic string, id int32) (feature.Progress, bool, error) {
	w.mu.Lock()
	w.given[partition{topic, id}] = true
	w.mu.Unlock()
	t, err := w.lake.load(ctx)
	if err != nil {
		return feature.Progress{}, false, classify(err)
	}
	all, err := progressOf(t)
	if err != nil {
		return feature.Progress{}, false, err
	}
	p, ok := all[progressName(topic, id)]
	return p, ok, nil
}

// checkStored finds out whether a partition is still this writer's to go on
// with. Someone who took over has moved it; then what is held here would come
// twice. If it went back, rows would be missing.
func checkStored(l *laneCut, sink string, have progress) error {
	name := progressName(l.lane.Topic, l.lane.Partition)
	want, is := l.state.stored, markOf(have[name], sink)
	if is.epoch < l.lane.Epoch {
		is = mark{}
	}
	if want.epoch < l.lane.Epoch {
		want = mark{}
	}
	switch {
	case is == want:
		return nil
	case is.ok && (!want.ok || is.epoch > want.epoch || is.next > want.next):
		return pipeline.Restart(fmt.Errorf("%s: another writer committed up to offset %d of epoch %d", name, is.next, is.epoch))
	}
	return fmt.Errorf("%s: the table went back to offset %d, from %d: was it rolled back or written to by hand?", name, is.next, want.next)
}
