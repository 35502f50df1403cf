package parquet_test

import (
	"testing"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

func TestAFlushSaysHowFarTheOtherSinksCaughtUp(t *testing.T) {
	s := sinkIn(t)
	x := open(t, s, rowgen.Plain())
	l := x.lanes.Open(feature.Lane{TopicPartition: at(0)}, "offline", "online")
	rows := amounts(0, 0, 1, 2, 3)
	x.write(l, rows)
	x.flush()
	if p := x.progress(0); p.Counted != 0 || p.Sinks["offline"].Next != 3 {
		t.Fatalf("before the online store has the rows: %+v", p)
	}
	if _, err := x.lanes.Advance(l, "online", rows.Tally(feature.Online)); err != nil {
		t.Fatal(err)
	}
	before := snapshots(t, s, "plain_1")
	x.flush()
	x.flush()
	if p := x.progress(0); p.Counted != 3 || p.Sinks["online"].Next != 3 || p.Sinks["online"].Tally.Written != 3 {
		t.Errorf("after it has them: %+v", p)
	}
	if n := snapshots(t, s, "plain_1") - before; n != 1 {
		t.Errorf("%d snapshots for one step, want 1", n)
	}
	want(t, x.rows(), scan(t, s, rowgen.Plain()))
}

func (x *session) progress(partition int32) feature.Progress {
	x.Helper()
	p, _, err := x.writer.(pipeline.ProgressStore).Progress(x.Context(), "t", partition)
	if err != nil {
		x.Fatal(err)
	}
	return p
}
