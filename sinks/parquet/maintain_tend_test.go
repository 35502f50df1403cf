package parquet_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/sinks/parquet"
)

// tended is a sink whose files are worth a rewrite after a few commits.
func tended(t *testing.T) (*parquet.Sink, *atomic.Int64) {
	s := sinkIn(t)
	s.Maintain = parquet.MaintainOn
	s.FileBytes = 16 << 10
	made := &atomic.Int64{}
	s.Fail(func(op, path string) error {
		if op == "create" && strings.HasSuffix(path, "-replaced.avro") {
			made.Add(1)
		}
		return nil
	})
	return s, made
}

// commits writes so many, of ten rows each.
func commits(x *session, partition int32, n int) {
	l := x.lane(partition)
	from := x.next(partition)
	for i := range int64(n) {
		keys := make([]int64, 10)
		for k := range keys {
			keys[k] = int64(partition)<<32 + (from+i*10)%1000 + int64(k)
		}
		x.write(l, amounts(partition, from+i*10, keys...))
		x.flush()
	}
}

func TestAnOpenSinkTendsItsTable(t *testing.T) {
	s, _ := tended(t)
	x := open(t, s, rowgen.Plain())
	commits(x, 0, 120)
	eventually(t, func() bool {
		commits(x, 0, 10)
		return len(planned(t, s, x.schema)) < 60
	})
	if n, m := len(x.rows()), countArrow(t, s, "plain_1"); n != 1000 || m != n {
		t.Errorf("%d rows, and %d to another reader, want 1000", n, m)
	}
	if rows := rowsIn(t, s, "plain_1"); rows > 1700 {
		t.Errorf("%d rows in the files of 1000", rows)
	}
}

func TestMaintainOffLeavesTheFilesAlone(t *testing.T) {
	s, made := tended(t)
	s.Maintain = parquet.MaintainOff
	x := open(t, s, rowgen.Plain())
	commits(x, 0, 120)
	x.close()
	if n := made.Load(); n != 0 || len(planned(t, s, x.schema)) < 100 {
		t.Errorf("%d manifests were made anew, %d files", n, len(planned(t, s, x.schema)))
	}
	if err := (&parquet.Sink{Warehouse: "w", Maintain: 9}).Check(nil); err == nil {
		t.Error("a setting that is none is taken")
	}
}

// Of two members the one without the lowest partition leaves the work to the other.
func TestOneMemberTends(t *testing.T) {
	s, first := tended(t)
	second, others := tended(t)
	second.Warehouse = s.Warehouse
	x := open(t, s, rowgen.Plain())
	commits(x, 0, 1)
	y := open(t, second, rowgen.Plain())
	commits(y, 1, 120)
	y.close()
	if n := others.Load(); n != 0 {
		t.Errorf("the second member made %d manifests", n)
	}
	eventually(t, func() bool {
		commits(x, 0, 10)
		return first.Load() > 0
	})
}

// A rewrite that would last for hours ends when the sink is closed, and leaves nothing.
func TestClosingCutsMaintenanceOff(t *testing.T) {
	s, _ := tended(t)
	s.MaintainRate = 1
	var begun atomic.Bool
	s.Fail(func(op, path string) error {
		if op == "open" && strings.HasSuffix(path, ".parquet") && !strings.HasSuffix(path, "-deletes.parquet") {
			begun.Store(true)
		}
		return nil
	})
	x := open(t, s, rowgen.Plain())
	for i := range int64(120) { // no key twice: no look-up opens a file
		x.write(x.lane(0), amounts(0, i, 1000+i))
		x.flush()
	}
	eventually(t, begun.Load)
	before := len(planned(t, s, x.schema))
	began := time.Now()
	x.close()
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("closing took %v", took)
	}
	if n := len(dataFiles(t, s, "plain_1")); n != before {
		t.Errorf("%d data files, of which the table has %d", n, before)
	}
}
