package pipelinetest_test

import (
	"context"
	"fmt"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/pipelinetest"
)

func ExampleOracle_Check() {
	schema := rowgen.Plain() // id string, amount int64?
	log := pipelinetest.NewLog(schema)
	log.Add(
		pipelinetest.Row{Offset: 0, Values: []any{"a", int64(1)}},
		pipelinetest.Row{Offset: 1, Values: []any{"a", int64(2)}},
	)
	// A store that kept the older row.
	store := &list{{Version: feature.Version{Offset: 0}, Values: []any{"a", int64(1)}}}
	fmt.Println(pipelinetest.Oracle{Log: log, Online: store}.Check(context.Background()))
	// Output:
	// promises broken: 1
	// 	online: not the greatest row: id="a" upsert 0@1 of epoch 0, time 0; the store has upsert 0@0 of epoch 0, time 0; amount int64?: want 2(int64), got 1(int64)
}
