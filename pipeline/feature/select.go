package feature

// Select copies rows of a sealed batch, in the order that they are given in, to one
// of their own. It stands for no span of the log: what became of the rows is for the
// batch that they are from to say.
func (r *Rows) Select(rows []int) *Rows {
	some := NewRows(r.Schema, r.TopicPartition)
	for i := range some.Columns {
		some.Columns[i].ExtendRows(&r.Columns[i], rows)
	}
	some.ends, some.digest = make([]uint32, 0, len(rows)), make([]Digest, 0, len(rows))
	for _, i := range rows {
		some.Records = append(some.Records, r.Records[i])
		some.Ops = append(some.Ops, r.Ops[i])
		for s := range some.Outcomes {
			some.Outcomes[s] = append(some.Outcomes[s], r.Outcomes[s][i])
		}
		some.keys = append(some.keys, r.Key(i)...)
		some.ends = append(some.ends, uint32(len(some.keys)))
		some.digest = append(some.digest, r.digest[i])
		if r.times != nil {
			some.times = append(some.times, r.times[i])
		}
	}
	return some
}

// ExtendRows appends rows of another column of the same field, in the order that they
// are given in; those that lie together at once.
func (c *Column) ExtendRows(o *Column, rows []int) {
	for i := 0; i < len(rows); {
		n := 1
		for i+n < len(rows) && rows[i+n] == rows[i]+n {
			n++
		}
		c.ExtendRange(o, rows[i], rows[i]+n)
		i += n
	}
}
