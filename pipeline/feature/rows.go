package feature

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// Rows is a batch of feature rows of one lane, in offset order, column by
// column. Row i of every slice belongs to Records[i]; a record that gave no
// row keeps its place with an outcome.
//
// Branches of a graph share everything but outcomes. Stages change outcomes by
// Drop, and columns only in the batch that Edit gives; nobody changes records.
type Rows struct {
	TopicPartition
	Schema   *Schema
	Records  []Record
	Ops      []Op
	Columns  []Column
	Outcomes [2][]Outcome // by Store

	// Spans are what of the log the batch stands for, as the source cut it:
	// adjacent, in order, and never cut again on the way.
	Spans []Span

	// Set by Seal.
	keys   []byte // the primary keys of all rows
	ends   []uint32
	digest []Digest
	times  []int64
}

// NewRows makes an empty batch.
func NewRows(s *Schema, p TopicPartition) *Rows {
	r := &Rows{Schema: s, TopicPartition: p, Columns: make([]Column, len(s.Fields))}
	for i, f := range s.Fields {
		r.Columns[i] = NewColumn(f)
	}
	return r
}

// Len is the number of rows, whatever their outcome.
func (r *Rows) Len() int { return len(r.Records) }

// Span is the whole stretch that the batch stands for.
func (r *Rows) Span() Span {
	if len(r.Spans) == 0 {
		return Span{}
	}
	return Span{r.Spans[0].From, r.Spans[len(r.Spans)-1].To}
}

// Add accepts the values that were just appended to every column as the row of rec.
func (r *Rows) Add(rec Record, op Op) {
	r.Records = append(r.Records, rec)
	r.accept(op)
}

// AddShared adds the next record of a list without copying it: the rows of a batch
// are then those of the whole list, and every call passes the same one.
// The list is shared, not copied.
func (r *Rows) AddShared(list []Record, op Op) {
	if len(r.Records) == 0 {
		r.Records = list[:0:len(list)]
	}
	r.Records = r.Records[:len(r.Records)+1]
	r.accept(op)
}

func (r *Rows) accept(op Op) {
	r.Ops = append(r.Ops, op)
	r.Outcomes[Online] = append(r.Outcomes[Online], Pending)
	r.Outcomes[Offline] = append(r.Outcomes[Offline], Pending)
}

// AddPlaceholder keeps the place of a record that gave no row, with the reason: what
// its decoding left behind in the columns is rolled back and nulls stand there.
func (r *Rows) AddPlaceholder(rec Record, f Outcome) {
	r.blank()
	r.Add(rec, Upsert)
	r.end(f)
}

// AddSharedPlaceholder is AddPlaceholder for the next record of a list: see AddShared.
func (r *Rows) AddSharedPlaceholder(list []Record, f Outcome) {
	r.blank()
	r.AddShared(list, Upsert)
	r.end(f)
}

// blank has every column end with a null for the next row.
func (r *Rows) blank() {
	n := r.Len()
	for i := range r.Columns {
		c := &r.Columns[i]
		c.Truncate(n)
		c.AppendNull()
	}
}

func (r *Rows) end(f Outcome) {
	n := r.Len() - 1
	r.Outcomes[Online][n], r.Outcomes[Offline][n] = f, f
}

// Drop gives row i an outcome at the given stores, or at both if none is given,
// if it was pending there, and reports whether it was. A row's first outcome
// stays. One that is being replayed is left alone: see ExcludeFromReplay.
func (r *Rows) Drop(i int, o Outcome, at ...Store) bool {
	if len(at) == 0 {
		at = []Store{Online, Offline}
	}
	dropped := false
	for _, s := range at {
		if r.Outcomes[s][i] == Pending {
			r.Outcomes[s][i] = o
			dropped = true
		}
	}
	return dropped
}

// Pending reports whether row i is still on its way to any of the stores.
func (r *Rows) Pending(i int) bool {
	return r.Outcomes[Online][i] == Pending || r.Outcomes[Offline][i] == Pending
}

// Replayed reports whether row i only loads into the state of stages.
func (r *Rows) Replayed(i int) bool {
	return r.Outcomes[Online][i] == Replayed || r.Outcomes[Offline][i] == Replayed
}

// ExcludeFromReplay stops a replayed row from loading into the state of later
// stages, as it does for one that is replayed here and was dropped here before.
// It does nothing to other rows.
func (r *Rows) ExcludeFromReplay(i int) {
	for s := range r.Outcomes {
		if r.Outcomes[s][i] == Replayed {
			r.Outcomes[s][i] = Filtered
		}
	}
}

// MarkReplayed marks the rows before an offset, at the stores that they were for:
// they were durable before the lane opened.
func (r *Rows) MarkReplayed(before int64) {
	for i := range r.Records {
		if r.Records[i].Offset >= before {
			return
		}
		r.Drop(i, Replayed)
	}
}

// Version is what row i is ordered by.
func (r *Rows) Version(i int) Version {
	v := Version{Delete: r.Ops[i] == Delete, Epoch: r.Epoch, Partition: r.Partition, Offset: r.Records[i].Offset}
	if r.times != nil {
		v.Time = r.times[i]
	}
	return v
}

// Time is the event time of row i, in the column's own unit. A delete that has
// none takes its record's timestamp.
func (r *Rows) Time(i int) int64 {
	if r.times == nil {
		return 0
	}
	return r.times[i]
}

// Key is the primary key of row i: two rows have one key exactly when these
// bytes are equal. They live as long as the batch. Stores keep what they make of
// these bytes: the encoding never changes.
func (r *Rows) Key(i int) []byte {
	from := uint32(0)
	if i > 0 {
		from = r.ends[i-1]
	}
	return r.keys[from:r.ends[i]:r.ends[i]]
}

// KeyDigest stands for Key.
func (r *Rows) KeyDigest(i int) Digest { return r.digest[i] }

// Identity is what a row is unique by in a store: the primary key, and offline
// the event time too where one is declared. It is appended to dst.
func (r *Rows) Identity(dst []byte, i int, s Store) []byte {
	dst = append(dst, r.Key(i)...)
	if s == Offline && r.times != nil {
		dst = append64(dst, uint64(r.times[i]))
	}
	return dst
}

// IdentityDigest stands for Identity.
func (r *Rows) IdentityDigest(i int, s Store) Digest {
	d := r.digest[i]
	if s == Offline && r.times != nil {
		t := mix(uint64(r.times[i]))
		d.Hi, d.Lo = mix(d.Hi^t), mix(d.Lo+t)
	}
	return d
}

// AppendContent encodes all of row i but its place in the log: equal rows give
// equal bytes, floats compared to the bit.
func (r *Rows) AppendContent(dst []byte, i int) []byte {
	dst = append(dst, byte(r.Ops[i]))
	for c := range r.Columns {
		dst = r.Columns[c].appendCell(dst, i)
	}
	return dst
}

// Seal computes keys and event times once all rows are added, and again after a
// key or the event time of a batch that Edit gave was changed.
func (r *Rows) Seal() {
	n := r.Len()
	// Not in place: a fork shares what was sealed before.
	size := 0
	for _, k := range r.Schema.keys {
		size += r.Columns[k].cells()
	}
	r.keys, r.digest, r.ends = make([]byte, 0, size), make([]Digest, 0, n), make([]uint32, 0, n)
	for i := range n {
		from := len(r.keys)
		for _, k := range r.Schema.keys {
			r.keys = r.Columns[k].appendCell(r.keys, i)
		}
		r.ends = append(r.ends, uint32(len(r.keys)))
		r.digest = append(r.digest, DigestOf(r.keys[from:]))
	}
	r.sealTimes()
}

func (r *Rows) sealTimes() {
	t := r.Schema.time
	if t < 0 {
		return
	}
	c := &r.Columns[t]
	r.times = make([]int64, r.Len())
	for i := range r.times {
		switch {
		case c.Null(i):
			r.times[i] = r.recordTime(i)
		case c.Field.Kind == Int32:
			r.times[i] = int64(c.Int32s[i])
		default:
			r.times[i] = c.Int64s[i]
		}
	}
}

// recordTime is the record's timestamp in the unit of the event time.
func (r *Rows) recordTime(i int) int64 {
	ms := r.Records[i].Timestamp
	switch unit := r.Schema.TimeUnit(); {
	case unit >= time.Millisecond:
		step := int64(unit / time.Millisecond)
		q := ms / step
		if ms%step < 0 {
			q--
		}
		return q
	default:
		step := int64(time.Millisecond / unit)
		switch {
		case ms > math.MaxInt64/step:
			return math.MaxInt64
		case ms < math.MinInt64/step:
			return math.MinInt64
		}
		return ms * step
	}
}

// Check reports whether the batch is whole: sealed, with spans that hold its
// records in order, and as long in each of its slices.
func (r *Rows) Check() error {
	n := r.Len()
	switch {
	case r.Schema == nil:
		return errors.New("it has no schema")
	case len(r.ends) != n:
		return fmt.Errorf("%d of %d rows are sealed: Seal comes after the last row", len(r.ends), n)
	case len(r.Spans) == 0:
		return errors.New("it has no spans: nothing says which records it stands for")
	case len(r.Ops) != n || len(r.Outcomes[Online]) != n || len(r.Outcomes[Offline]) != n:
		return fmt.Errorf("it has %d records, %d operations, and %d and %d outcomes", n, len(r.Ops), len(r.Outcomes[Online]), len(r.Outcomes[Offline]))
	case len(r.Columns) != len(r.Schema.Fields):
		return fmt.Errorf("it has %d columns, and its schema %d", len(r.Columns), len(r.Schema.Fields))
	}
	for i := range r.Columns {
		if got := r.Columns[i].Len(); got != n {
			return fmt.Errorf("it has %d records, and %d values of column %q", n, got, r.Schema.Fields[i].Name)
		}
	}
	return nil
}

// Edit gives the same batch with columns of its own under the given names, which
// the caller may change and emit in place of r. Each is copied once; all else is
// shared with r, whose rows stay as they are in other branches of the graph and
// when the batch comes again. It panics on a name that the schema doesn't have.
//
// A key or an event time that was changed needs Seal before the batch is emitted.
func (r *Rows) Edit(names ...string) *Rows {
	e := r.Fork()
	for _, name := range names {
		i := r.Schema.Index(name)
		if i < 0 {
			panic(fmt.Sprintf("feature: no column %q in %v", name, r.Schema))
		}
		c := NewColumn(r.Schema.Fields[i])
		c.Extend(&r.Columns[i])
		e.Columns[i] = c
	}
	return e
}

// Column is the column of a name. It panics on one that the schema doesn't have.
func (r *Rows) Column(name string) *Column {
	i := r.Schema.Index(name)
	if i < 0 {
		panic(fmt.Sprintf("feature: no column %q in %v", name, r.Schema))
	}
	return &r.Columns[i]
}

// Fork is the same batch with outcomes of its own, for a branch of the graph.
func (r *Rows) Fork() *Rows {
	f := *r
	f.Columns = slices.Clone(r.Columns)
	n := r.Len()
	outcomes := make([]Outcome, 0, 2*n)
	outcomes = append(append(outcomes, r.Outcomes[Online]...), r.Outcomes[Offline]...)
	f.Outcomes[Online], f.Outcomes[Offline] = outcomes[:n:n], outcomes[n:]
	return &f
}

// Extend appends another sealed batch that follows this one in the log.
func (r *Rows) Extend(o *Rows) {
	for i := range r.Columns {
		r.Columns[i].Extend(&o.Columns[i])
	}
	r.Records = append(r.Records, o.Records...)
	r.Ops = append(r.Ops, o.Ops...)
	r.Outcomes[Online] = append(r.Outcomes[Online], o.Outcomes[Online]...)
	r.Outcomes[Offline] = append(r.Outcomes[Offline], o.Outcomes[Offline]...)
	r.Spans = append(r.Spans, o.Spans...)
	base := uint32(len(r.keys))
	r.keys = append(r.keys, o.keys...)
	for _, end := range o.ends {
		r.ends = append(r.ends, base+end)
	}
	r.digest = append(r.digest, o.digest...)
	r.times = append(r.times, o.times...)
}

// Size is the memory that the batch takes, in bytes, records included.
func (r *Rows) Size() int {
	n := len(r.keys) + 32*len(r.digest) + len(r.Records)*4
	for i := range r.Records {
		n += r.Records[i].Size()
	}
	for i := range r.Columns {
		n += r.Columns[i].Size()
	}
	return n
}

// SpanTally is how the rows of one span fared at one store.
type SpanTally struct {
	Span
	Tally
}

// Tally counts the rows at a store span by span; live rows count as written.
func (r *Rows) Tally(s Store) []SpanTally {
	out := make([]SpanTally, len(r.Spans))
	i := 0
	for k, span := range r.Spans {
		out[k].Span = span
		for i < r.Len() && r.Records[i].Offset < span.To {
			out[k].Count(r.Outcomes[s][i])
			i++
		}
	}
	return out
}
