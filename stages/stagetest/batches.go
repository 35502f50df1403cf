package stagetest

import (
	"fmt"
	"slices"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// fork is a batch as a branch gets it.
func fork[T pipeline.Batch](b T) T {
	if rows, ok := any(b).(*feature.Rows); ok {
		return any(rows.Fork()).(T)
	}
	return b
}

func spansOf[T pipeline.Batch](b T) []feature.Span {
	switch b := any(b).(type) {
	case feature.Records:
		return []feature.Span{b.Span}
	case *feature.Rows:
		return b.Spans
	}
	return nil
}

func recordsOf[T pipeline.Batch](b T) []feature.Record {
	switch b := any(b).(type) {
	case feature.Records:
		return b.List
	case *feature.Rows:
		return b.Records
	}
	return nil
}

// lines are the rows of batches, one a line: place, outcomes, content.
func lines[T pipeline.Batch](list []T) []string {
	var out []string
	for _, b := range list {
		switch b := any(b).(type) {
		case feature.Records:
			for _, r := range b.List {
				out = append(out, fmt.Sprintf("%d: %v %q %q %v", r.Offset, r.Outcome, r.Key, r.Value, r.Headers))
			}
		case *feature.Rows:
			for i := range b.Len() {
				out = append(out, fmt.Sprintf("%d: %v %v %x", b.Records[i].Offset, b.Outcomes[feature.Online][i], b.Outcomes[feature.Offline][i], b.AppendContent(nil, i)))
			}
		}
	}
	return out
}

// outcomes are those of every row at both stores, by offset.
func outcomes[T pipeline.Batch](list []T) map[int64][2]feature.Outcome {
	all := map[int64][2]feature.Outcome{}
	for _, b := range list {
		if rows, ok := any(b).(*feature.Rows); ok {
			for i := range rows.Len() {
				all[rows.Records[i].Offset] = [2]feature.Outcome{rows.Outcomes[0][i], rows.Outcomes[1][i]}
			}
		}
	}
	return all
}

// offsets of records.
func offsets[T pipeline.Batch](list []T) (all []int64) {
	for _, b := range list {
		for _, r := range recordsOf(b) {
			all = append(all, r.Offset)
		}
	}
	return all
}

func allSpans[T pipeline.Batch](list []T) (all []feature.Span) {
	for _, b := range list {
		all = append(all, spansOf(b)...)
	}
	return all
}

// half is where a lane that opens in the middle of batches starts.
func half[T pipeline.Batch](list []T) (batches int, start int64) {
	batches = len(list) / 2
	return batches, spansOf(list[batches])[0].From
}

// replay marks batches as those before a lane's start.
func replay[T pipeline.Batch](list []T, start int64) []T {
	out := slices.Clone(list)
	for i := range out {
		switch b := any(out[i]).(type) {
		case feature.Records:
			b.ReplayedBefore = start
			out[i] = any(b).(T)
		case *feature.Rows:
			b.MarkReplayed(start)
		}
	}
	return out
}

// at is the offset that a line begins with.
func at(line string) (offset int64) {
	for _, c := range line {
		if c < '0' || c > '9' {
			return offset
		}
		offset = offset*10 + int64(c-'0')
	}
	return offset
}
