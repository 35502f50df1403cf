package pipeline_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/memstore"
)

// fussy is a sink that can't hold one value.
type fussy struct {
	memstore.Sink
	away atomic.Int64
}

type fussyWriter struct {
	pipeline.Writer
	away *atomic.Int64 // writes that fail first
}

func (s *fussy) Open(ctx context.Context, n *pipeline.SinkNode) (pipeline.Writer, error) {
	w, err := s.Sink.Open(ctx, n)
	return fussyWriter{w, &s.away}, err
}

func (fussyWriter) CheckRows(rows *feature.Rows, from int) (int, error) {
	for i, v := range rows.Columns[1].Int64s[from:] {
		if v == 13 {
			return from + i, errors.New("13 is unlucky")
		}
	}
	return 0, nil
}

func (w fussyWriter) Write(ctx context.Context, l *feature.Lane, rows *feature.Rows) error {
	if w.away.Add(-1) >= 0 {
		return pipeline.Transient(errors.New("the store is away"))
	}
	return w.Writer.Write(ctx, l, rows)
}

func TestARowThatOneStoreCannotHoldIsDeadThereAlone(t *testing.T) {
	dead := &letters{}
	g := pipeline.New("fussy")
	g.Logger = quiet
	g.DeadLetters(dead, "dead")
	rows := pipeline.Via(pipeline.From(g, "log", &script{Partitions: [][]string{{"a=1", "b=13", "c=3"}}}), "decode", decode{})
	online, offline := pipeline.To(rows, "online", &fussy{}), pipeline.To(rows, "offline", &memstore.Sink{For: feature.Offline})
	pipeline.Join(g, "commit", commit{}, online, offline)
	if err := run(t, g); err != nil {
		t.Fatal(err)
	}
	mustBalance(t, g, 3)
	if l := g.Ledger().Sinks; l["online"].Dead != 1 || l["offline"].Dead != 0 || l["offline"].Written != 3 {
		t.Errorf("%+v", l)
	}
	if len(dead.got) != 1 || dead.got[0].Metadata.Get(pipeline.HeaderErrorClass) != "unstorable" || dead.got[0].Metadata.Get(pipeline.HeaderNode) != "online" {
		t.Errorf("%d dead letters", len(dead.got))
	}
}

// A sink beside another, whose store is away after a row was rejected.
func TestADeadLetterIsSentOnceWhileTheStoreIsAway(t *testing.T) {
	dead := &letters{}
	g := pipeline.New("fussy")
	g.Logger = quiet
	g.DeadLetters(dead, "dead")
	rows := pipeline.Via(pipeline.From(g, "log", &script{Partitions: [][]string{{"a=1", "b=13", "c=3", "d=13"}}, Chunk: 4}), "decode", decode{})
	online := &fussy{}
	online.away.Store(4)
	pipeline.Join(g, "commit", commit{}, pipeline.To(rows, "online", online), pipeline.To(rows, "offline", &memstore.Sink{For: feature.Offline}))
	if err := run(t, g); err != nil {
		t.Fatal(err)
	}
	mustBalance(t, g, 4)
	if l := g.Ledger().Sinks["online"]; l.Dead != 2 || l.Written != 2 {
		t.Errorf("%+v", l)
	}
	if len(dead.got) != 2 {
		t.Errorf("%d dead letters, want 2", len(dead.got))
	}
}
