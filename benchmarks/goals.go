package main

import "fmt"

// goal is what the project has set itself.
type goal struct {
	id   goalID
	what string
	bar  float64
	most bool // the bar is an upper bound
	unit string
	slow string // flags that it needs; empty: none
}

type goalID int

const (
	overChannels goalID = iota
	overStraight
	overWatermill
	decodeFlat
	decodeNested
	overStatic
	overGocql
	overSQL
	commitLatency
	upsertLatency
	steadyLatency
	steadyScan
	steadyDead
	steadyWrites
	steadyBacklog
	upsertFiles
	windowState
	memoryRows
	memoryLanes
	freshBeside
)

var goals = []goal{
	{overChannels, "whole graph, Parquet sink, 4 partitions : same stages on plain channels", 0.95, false, "", ""},
	{overStraight, "whole graph, no sink cost, 1 partition : the straight line", 0.90, false, "", ""},
	{overWatermill, "whole graph : naive Watermill", 15, false, "", ""},
	{decodeFlat, "decode : hamba into a map, flat", 15, false, "", ""},
	{decodeNested, "decode : hamba into a map, nested", 6, false, "", ""},
	{overStatic, "parquet sink, encoding included : GenericWriter of a static struct", 0.95, false, "", ""},
	{overGocql, "cassandra sink : raw gocql at its best, 20-column rows, within the A/A spread", 1, false, "", "-real"},
	{overSQL, "sqlite sink : a hand-written multi-row upsert in one transaction", 0.9, false, "", ""},
	{commitLatency, "offline commit latency at commit 1,000 : at commit 20", 1.5, true, "", ""},
	{upsertLatency, "offline upsert of 10,000 rows, table of 10 M rows : table of 100,000", 2, true, "", "-long"},
	{steadyLatency, "a tended table, commit p99, the last 1,000 of 20,000 commits : 1,000 to 2,000", 1.3, true, "", "-long"},
	{steadyScan, "a tended table, an outside reader's scan at the end : of the same rows freshly compacted", 1.5, true, "", "-long"},
	{steadyDead, "a tended table, dead rows at any time after the first hour's worth", 30, true, "%", ""},
	{steadyWrites, "a tended table, bytes written : bytes of rows that commits brought", 4, true, "", ""},
	{steadyBacklog, "throughput while a backlog is worked off, tended : not tended", 0.9, false, "", ""},
	{upsertFiles, "offline upsert of 10,000 rows, 10 M rows in 1,000 files : in 10", 2, true, "", "-long"},
	{windowState, "dedup state for 10 M keys, bytes a key, no pause over 20 ms", 40, true, "B", ""},
	{memoryRows, "peak memory, external Kafka, backlog of 20 M rows : of 1 M", 1.1, true, "", "-real -long"},
	{memoryLanes, "peak memory, 64 partitions : 4 partitions", 1.5, true, "", "-real"},
	{freshBeside, "freshness p99 at 1,000 rows/s : bare produce-consume-insert loop", 3, true, "", "-real"},
}

// result is how far a goal was reached.
type result struct {
	got, control spread
	note         string
	failed       bool // by a condition beside the figure
}

// reached notes how fast ours is beside theirs, and beside itself. The same by
// CPU time stands with it: on a machine that others use, that is the one to trust.
func (s *suite) reached(id goalID, ours, again, theirs *figure) {
	s.results[id] = &result{
		got: ratio(ours, theirs), control: ratio(ours, again),
		note: fmt.Sprintf("by CPU time %.2f", theirs.CPU/ours.CPU),
	}
}

// reachedAt notes a figure under conditions that are worth saying.
func (s *suite) reachedAt(id goalID, got spread, note string) {
	s.results[id] = &result{got: got, note: note}
}

func (s *suite) missed(id goalID) { s.results[id].failed = true }

// verdict says whether a goal is met. A ratio at its goal within what a
// contestant differs from itself is met where the goal says so.
func (g goal) verdict(r *result) string {
	bar := g.bar
	if g.id == overGocql {
		bar = min(bar, r.control.Min)
	}
	if r.failed || (g.most && r.got.Mid > bar) || (!g.most && r.got.Mid < bar) {
		return "missed"
	}
	return "met"
}

func (g goal) wants() string {
	if g.most {
		return fmt.Sprintf("at most %g%s", g.bar, g.unit)
	}
	return fmt.Sprintf("at least %g%s", g.bar, g.unit)
}
