// Package stagetest holds a stage against what every stage must keep, as package
// sinktest does with sinks and sourcetest with sources.
//
//	func TestStage(t *testing.T) {
//		stagetest.Run(t, stagetest.Harness[*feature.Rows, *feature.Rows]{
//			Spec: MyStage{}, Schema: schema,
//			Batches: func(rng *rand.Rand, partition int32) []*feature.Rows { … },
//		})
//	}
package stagetest

import (
	"math/rand/v2"
	"testing"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// Harness says what a stage is and what it is given.
type Harness[In, Out pipeline.Batch] struct {
	Spec pipeline.Spec[In, Out]

	// Schema is that of the rows that go in; nil where records do.
	Schema *feature.Schema

	// Batches makes what one lane is given, in order, with spans that follow each
	// other from offset 0: all that the stage may meet, in a way that the same
	// seed repeats. Keys of two partitions differ, unless the stage allows others.
	// Ten batches or more of a few rows each find most.
	Batches func(rng *rand.Rand, partition int32) []In
}

// Run proves each promise in a test of its name.
func Run[In, Out pipeline.Batch](t *testing.T, h Harness[In, Out]) {
	for _, p := range promises[In, Out]() {
		t.Run(p.name, func(t *testing.T) {
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			p.test(scene[In, Out]{TB: t, Harness: h, seed: seed})
		})
	}
}

type promise[In, Out pipeline.Batch] struct {
	name string
	test func(scene[In, Out])
}

func promises[In, Out pipeline.Batch]() []promise[In, Out] {
	type s = scene[In, Out]
	return []promise[In, Out]{
		{"every_record_comes_out_once_in_its_span", s.everyRecordOnce},
		{"columns_and_records_are_left_alone", s.leavesAlone},
		{"an_outcome_stays", s.outcomesStay},
		{"a_batch_that_comes_again_gives_the_same_answer", s.sameAnswer},
		{"a_failed_dead_letter_changes_nothing", s.failedRejects},
		{"replayed_rows_stay_replayed_and_are_not_rejected", s.replayed},
		{"state_comes_back_by_replay", s.stateComesBack},
		{"lanes_know_nothing_of_each_other", s.lanesApart},
		{"branches_know_nothing_of_each_other", s.branchesApart},
		{"how_the_log_is_cut_does_not_matter", s.anyCut},
	}
}
