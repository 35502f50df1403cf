package parquet

import "slices"

// part is the rows of a batch that belong in one partition of the table.
type part struct {
	batch
	tuple tuple
}

// parts are the partitions that a batch has rows of. Where the table has none, it is
// the batch as it is; else rows are copied, so that those of a partition lie together.
func (p *parter) parts(b *batch) []part {
	if len(p.fields) == 0 {
		return []part{{*b, tupleOf(p.spec, nil)}}
	}
	at := map[string]int{}
	var parts []part
	var rows [][]int
	for _, r := range b.runs {
		for i := r.from; i < r.to; i++ {
			t := p.of(b.rows, i)
			k, ok := at[t.key]
			if !ok {
				k = len(parts)
				at[t.key] = k
				parts, rows = append(parts, part{tuple: t}), append(rows, nil)
			}
			rows[k] = append(rows[k], i)
		}
	}
	for k := range parts {
		parts[k].batch = b.of(rows[k])
	}
	return parts
}

// of is a batch of some of the rows.
func (b *batch) of(rows []int) batch {
	some := batch{rows: b.rows, spans: b.spans, nulls: b.nulls}
	if len(rows) < b.rows.Len() {
		some.rows = b.rows.Select(rows)
	}
	for i := range rows {
		some.add(i)
	}
	return some
}

// take gives out a file that has room for a part's rows, and if it must, nulls in
// every column. Once there were some, all new files have. At most so many wait for
// more rows: the one that was used longest ago is to be ended, by who took this one.
func (c *cut) take(p *part, most int, create func(nulls bool, in tuple) (*dataFile, error)) (f, ending *dataFile, err error) {
	c.nulls = c.nulls || p.nulls
	for i, f := range slices.Backward(c.idle) {
		if f.tuple.key == p.tuple.key && (f.layout.nulls || !p.nulls) {
			c.idle = slices.Delete(c.idle, i, i+1)
			return f, nil, nil
		}
	}
	if f, err = create(c.nulls, p.tuple); err != nil {
		return nil, nil, err
	}
	c.files = append(c.files, f)
	if len(c.idle) >= most {
		ending = c.idle[0]
		c.idle = slices.Delete(c.idle, 0, 1)
	}
	return f, ending, nil
}
