package parquet_test

import (
	"strings"
	"testing"

	"github.com/apache/iceberg-go"
	icesql "github.com/apache/iceberg-go/catalog/sql"
	"github.com/apache/iceberg-go/table"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/pipelinetest"
)

func TestCommentsOfColumnsBelongToTheUsers(t *testing.T) {
	s := sinkIn(t)
	x := open(t, s, rowgen.Plain())
	x.write(x.lane(0), amounts(0, 0, 1))
	x.flush()
	x.close()

	inCatalog(t, s, func(c *icesql.Catalog) error {
		tbl, err := c.LoadTable(t.Context(), table.Identifier{"features", "plain_1"})
		if err != nil {
			return err
		}
		tx := tbl.NewTransaction()
		u := tx.UpdateSchema(true, false)
		u.UpdateColumn([]string{"amount"}, table.ColumnUpdate{Doc: iceberg.Optional[string]{Val: "in euros", Valid: true}})
		if err := u.Commit(); err != nil {
			return err
		}
		_, err = tx.Commit(t.Context())
		return err
	})

	x = open(t, s, rowgen.Plain())
	x.write(x.lane(0), amounts(0, 1, 2))
	x.flush()
	tbl := load(t, s, "plain_1")
	if f, _ := tbl.Schema().FindFieldByName("amount"); f.Doc != "in euros" {
		t.Errorf("the comment is %q", f.Doc)
	}
	if n := countArrow(t, s, "plain_1"); n != 2 {
		t.Errorf("%d rows", n)
	}
}

func TestATableThatSaysNothingOfItsGroupIsRefused(t *testing.T) {
	s := sinkIn(t)
	open(t, s, rowgen.Plain()).close()
	change(t, s, load(t, s, "plain_1"), table.NewRemovePropertiesUpdate([]string{"tandem.group"}))
	_, err := s.Open(t.Context(), new(pipelinetest.Lanes).SinkNode("offline", rowgen.Plain(), nil, nil))
	if err == nil || !strings.Contains(err.Error(), "tandem.group") {
		t.Error(err)
	}
}

func TestNamesThatReadersHaveThemselvesAreRefused(t *testing.T) {
	s := sinkIn(t)
	for _, name := range []string{"_deleted", "_Partition", "_file"} {
		schema, err := rowgen.Plain().WithColumns(feature.Field{Name: name, Kind: feature.Int64, Nullable: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Check(schema); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
