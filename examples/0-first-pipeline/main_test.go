package main

import (
	"path/filepath"
	"testing"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/insync"
	"github.com/tandemdata/tandem/sinks/parquet"
	"github.com/tandemdata/tandem/sinks/sqlite"
	"github.com/tandemdata/tandem/stages"
)

func TestTheFirstPipelineFillsBothStoresAndCanBeRunAgain(t *testing.T) {
	t.Chdir(t.TempDir())
	for range 2 {
		main()
	}
	group := feature.Group{Name: "clicks", PrimaryKey: []string{"user"}, EventTime: "at"}
	s, err := stages.Decode{Group: group, Schema: schema}.Describe(nil)
	if err != nil {
		t.Fatal(err)
	}
	online, offline := &sqlite.Sink{File: "online.db"}, &parquet.Sink{Warehouse: "warehouse"}
	compared, err := insync.Compare(t.Context(), s, online.Scan(t.Context(), s), offline.Scan(t.Context(), s))
	if err != nil || !compared.OK() {
		t.Errorf("%v (%v)", compared, err)
	}
	files, err := filepath.Glob("warehouse/features/clicks_1/data/*.parquet")
	if err != nil || len(files) != 1 {
		t.Errorf("two runs made the data files %v (%v), want that of the first only", files, err)
	}
	rows := 0
	for _, err := range offline.Scan(t.Context(), s) {
		if err != nil {
			t.Fatal(err)
		}
		rows++
	}
	if rows != 3 {
		t.Errorf("the offline table holds %d rows, want 3", rows)
	}
}
