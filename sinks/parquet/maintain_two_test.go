package parquet_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/sinks/parquet"
)

// Another writer commits each time that this one is about to: a round of maintenance
// comes through as often as commits do.
func TestHistoryIsThinnedBesideAnotherWriter(t *testing.T) {
	s := sinkIn(t)
	x := open(t, s, rowgen.Plain())
	other := x.lane(1)
	y := open(t, racing(s, "/metadata/snap-", 3, func() {
		from := x.lanes.Next(other, "offline")
		x.write(other, amounts(1, from, 1000+from))
		x.flush()
	}), rowgen.Plain())
	smallCommits(y, y.lane(0), 80)
	tbl := load(t, s, "plain_1")
	if n := len(tbl.Metadata().Snapshots()); n > 100 {
		t.Errorf("%d snapshots are listed", n)
	}
	fs, err := tbl.FS(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if manifests, err := tbl.CurrentSnapshot().Manifests(fs); err != nil || len(manifests) > 80 {
		t.Errorf("%d manifests, %v", len(manifests), err)
	}
	if n, m := len(x.rows()), countArrow(t, s, "plain_1"); n != m || n < 80+240 {
		t.Errorf("%d rows, %d to another reader", n, m)
	}
}

// Whoever loses a race removes what it wrote for it.
func TestALostRaceLeavesNoFiles(t *testing.T) {
	s := sinkIn(t)
	x := open(t, s, rowgen.Plain())
	other := x.lane(1)
	y := open(t, racing(s, "/metadata/snap-", 3, func() { smallCommits(x, other, 1) }), rowgen.Plain())
	smallCommits(y, y.lane(0), 4)
	if left, err := s.Orphans(t.Context(), rowgen.Plain()); err != nil || len(left) > 0 {
		t.Errorf("%d files of no snapshot are left, %v: %.2000q", len(left), err, left)
	}
}

// racing is a sink that another writer is faster than, each so many times of a commit.
func racing(s *parquet.Sink, part string, times int, commit func()) *parquet.Sink {
	slow := &parquet.Sink{Warehouse: s.Warehouse, CommitEvery: time.Hour, Maintain: parquet.MaintainOff}
	n := 0
	slow.Fail(func(op, path string) error {
		if op == "create" && strings.Contains(path, part) {
			if n++; n%(times+1) != 0 {
				commit()
			}
		}
		return nil
	})
	return slow
}
