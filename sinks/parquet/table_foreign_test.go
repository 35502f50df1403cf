package parquet_test

import (
	"strings"
	"testing"

	icesql "github.com/apache/iceberg-go/catalog/sql"
	"github.com/apache/iceberg-go/table"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/pipelinetest"
	"github.com/tandemdata/tandem/sinks/parquet"
)

// What another engine makes of the table, and this sink doesn't write, is refused in
// words: by a commit, if it came while the sink was open, and when it is opened.
func TestWhatAnotherEngineMakesOfTheTableIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*table.Transaction) error
		says   string
	}{
		"format version 3": {func(tx *table.Transaction) error { return tx.UpgradeFormatVersion(3) }, "format version 3"},
	} {
		t.Run(name, func(t *testing.T) {
			s, schema := sinkIn(t), rowgen.Timed(0)
			x := open(t, s, schema)
			g := rowgen.Gen{Schema: schema, Seed: 1}
			l := x.lane(0)
			x.write(l, g.Batch(at(0), 0, 20))
			x.flush()
			before := countArrow(t, s, "timed_1")
			inCatalog(t, s, func(c2 *icesql.Catalog) error {
				tbl, err := c2.LoadTable(t.Context(), table.Identifier{"features", "timed_1"})
				if err != nil {
					return err
				}
				tx := tbl.NewTransaction()
				if err := c.change(tx); err != nil {
					return err
				}
				_, err = tx.Commit(t.Context())
				return err
			})
			x.write(l, g.Batch(at(0), 20, 20))
			refusedBy(t, x.writer.Flush(t.Context()), c.says)
			if n := countArrow(t, s, "timed_1"); n != before {
				t.Errorf("%d rows, %d before", n, before)
			}
			_, err := (&parquet.Sink{Warehouse: s.Warehouse}).Open(t.Context(), new(pipelinetest.Lanes).SinkNode("offline", schema, nil, nil))
			refusedBy(t, err, c.says)
		})
	}
}

func refusedBy(t *testing.T, err error, says string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), says) || pipeline.IsTransient(err) || pipeline.IsRestart(err) {
		t.Errorf("want %q, got: %v", says, err)
	}
}
