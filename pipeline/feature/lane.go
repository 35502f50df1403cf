package feature

// Lane is one partition for as long as it is assigned to this process: the unit
// of order. It is made by a source and never changes; a partition that is
// assigned again is another Lane, so the pointer tells one assignment from the
// next.
type Lane struct {
	TopicPartition
	TopicID    string   // the log's own identity, where it has one
	Partitions int32    // of the topic when the lane was opened; 0 where that is not known
	Start      int64    // the first offset that is not replayed
	Resumed    Progress // what the stores held when the lane was opened; zero if nothing
}

// Records is a stretch of one log, as a source hands it over.
type Records struct {
	TopicPartition
	Span Span
	List []Record // in offset order, all within Span

	// ReplayedBefore is the offset before which records are only replayed: they
	// load the state of stages and are neither emitted to a store nor counted.
	ReplayedBefore int64
}

// Progress is how far a lane is durable. A store that keeps it writes it in the
// same commit as its rows, in this JSON form.
type Progress struct {
	Epoch   int32  `json:"epoch"`
	TopicID string `json:"topic_id,omitempty"` // the log's own identity, where it has one

	// Counted is where a lane opens: every sink holds all rows before it, and
	// its tally counts exactly those.
	Counted int64                   `json:"counted"`
	Sinks   map[string]SinkProgress `json:"sinks"` // by node

	// Partitions is how many the topic had when the lane opened; 0 where that is
	// not known. Under order by log another number needs a new epoch.
	Partitions int32 `json:"partitions,omitempty"`

	// Gaps are records that the log had lost before they were read, and that the
	// source was set to skip. They are stored with the next rows after them.
	Gaps []Span `json:"gaps,omitempty"`
}

// SinkProgress is one sink's part of it.
type SinkProgress struct {
	Next  int64 `json:"next"` // all rows before it are durable; at or past Counted
	Tally Tally `json:"tally"`
}

// Ahead reports whether p says more than what is stored about the same rows of
// the given sink: that others have caught up with them.
func (p Progress) Ahead(stored Progress, sink string) bool {
	if p.Epoch != stored.Epoch || p.Sinks[sink].Next != stored.Sinks[sink].Next {
		return false
	}
	for name, s := range p.Sinks {
		if s.Next > stored.Sinks[name].Next {
			return true
		}
	}
	return p.Counted > stored.Counted
}
