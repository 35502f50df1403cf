// Package sourcetest is what every source must do, as tests: one call proves
// the promises of pipeline.Source against any log.
package sourcetest

import (
	"testing"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// Harness makes logs of one kind, and says how they differ from others.
type Harness struct {
	// New makes an empty log. It is gone when the test ends.
	New func(t testing.TB, partitions int32) Log

	OneLane   bool // a log has one partition only
	Bounded   bool // Settings.UntilEnd works
	Positions bool // an offset means the same record in the next run
	Commits   bool // the source keeps what Commit says, and a run that no sink tells otherwise begins there
}

// Log is one log under test.
type Log interface {
	Topic() string

	// Append writes records to a partition: key, value, headers. Once it
	// returns, a source that starts finds them.
	Append(t testing.TB, partition int32, records ...feature.Record)

	// Source is the settings of a source for it.
	Source(s Settings) pipeline.Source
}

// Trimmer is a Log that can lose its oldest records, as retention has it.
type Trimmer interface {
	Trim(t testing.TB, partition int32, before int64)
}

// Settings is what the tests choose.
type Settings struct {
	UntilEnd bool
	Epoch    int32
	MaxBatch int // records of a hand-over; default the source's own
}

// Run proves the promises, but for those that the harness says are not made.
func Run(t *testing.T, h Harness) {
	for _, p := range promises {
		if lacks := p.needs(h); lacks != "" {
			t.Logf("%s: not promised, for want of %s", p.name, lacks)
			continue
		}
		t.Run(p.name, func(t *testing.T) { p.test(t, h) })
	}
}

type promise struct {
	name  string
	needs func(Harness) string // what the source lacks, or nothing
	test  func(*testing.T, Harness)
}

var promises = []promise{
	{"every_record_comes_once_and_in_order", everyone, everyRecordOnce},
	{"spans_meet", everyone, spansMeet},
	{"a_full_lane_holds_up_no_other", lanes, fullLaneAlone},
	{"ready_is_never_lost", everyone, readyNeverLost},
	{"the_end_of_ctx_drains", everyone, drains},
	{"the_last_commit_is_where_the_next_run_begins", commits, commitsKept},
	{"sinks_outrank_stored_commits", commits, sinksOutrank},
	{"a_lane_begins_where_progress_says", positions, beginsAtProgress},
	{"warm_records_come_before_the_start", positions, warmFirst},
	{"a_new_epoch_begins_anew", positions, newEpoch},
	{"an_older_epoch_is_refused", positions, olderEpoch},
	{"a_gap_is_an_error_with_its_facts", positions, gapTyped},
	{"an_offset_beyond_the_end_is_an_error", positions, beyondEnd},
	{"a_bounded_source_returns_by_itself", bounded, returnsByItself},
	{"a_bounded_source_of_nothing_returns", bounded, nothingReturns},
}

func everyone(Harness) string { return "" }

func lanes(h Harness) string { return unless(!h.OneLane, "several lanes") }

func bounded(h Harness) string { return unless(h.Bounded, "an end") }

func positions(h Harness) string { return unless(h.Positions, "offsets that outlive a run") }

func commits(h Harness) string { return unless(h.Commits, "stored commits") }

func unless(ok bool, lacks string) string {
	if ok {
		return ""
	}
	return lacks
}
