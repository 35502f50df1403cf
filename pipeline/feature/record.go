package feature

// Op is what a row does to its key.
type Op uint8

// The operations.
const (
	Upsert Op = iota
	Delete
)

// Header is one of a record's.
type Header struct {
	Key   string
	Value []byte
}

// Record is one entry of a log, as it was read.
type Record struct {
	Key, Value []byte // nil and empty are told apart: a nil Value is a delete
	Headers    []Header
	Offset     int64
	Timestamp  int64 // milliseconds since 1970-01-01 UTC, as Kafka has it

	// Outcome is set by a stage before decode that dropped the record: then a
	// decoder keeps its place with that outcome, by AddPlaceholder, and looks no
	// further. A source leaves it Pending.
	Outcome Outcome
}

// Size is the memory that a record takes, in bytes.
func (r *Record) Size() int {
	n := 96 + len(r.Key) + len(r.Value)
	for _, h := range r.Headers {
		n += 40 + len(h.Key) + len(h.Value)
	}
	return n
}

// Span is a stretch of a log, from From up to but not including To. Offsets
// are sparse: a span may hold fewer records than To - From, or none.
type Span struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// TopicPartition names the log that rows came from.
type TopicPartition struct {
	Topic     string
	Partition int32
	Epoch     int32 // which life of the topic
}
