package main

import (
	"testing"

	"github.com/tandemdata/tandem/sinks/sinktest"
)

func TestItKeepsWhatASinkPromises(t *testing.T) {
	sinktest.Run(t, func(t testing.TB) sinktest.Target {
		return &Sink{Dir: t.TempDir()}
	})
}

func TestTheNewestClickOfEachUserIsInTheFile(t *testing.T) {
	t.Chdir(t.TempDir())
	for range 2 {
		main()
	}
	table, err := Load("clicks_1.gob")
	if err != nil {
		t.Fatal(err)
	}
	got := map[any]any{}
	for _, row := range table.Rows {
		got[row.Values[0]] = row.Values[1]
	}
	if len(got) != 2 || got["ada"] != 7.0 || got["bob"] != 10.0 {
		t.Errorf("the file holds %v", got)
	}
}
