package sqlite

import (
	"math"
	"time"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// bind appends the values of row i but for those that its whole batch has. A
// delete has its key and the time that it is ordered by.
func (t *table) bind(rows *feature.Rows, i int) {
	v := rows.Version(i)
	for c := range rows.Columns {
		switch {
		case !v.Delete || t.schema.IsKey(c):
			t.values.add(&rows.Columns[c], i)
		case c == t.schema.Time():
			t.values.integer(v.Time)
		default:
			t.values.null()
		}
	}
	t.values.integer(v.Offset)
	if at := rows.Records[i].Time(); at == feature.NoTime {
		t.values.null()
	} else {
		t.values.integer(at)
	}
	if rows.Only(feature.Online, i) {
		t.values.integer(1)
	} else {
		t.values.null()
	}
	t.values.bool(v.Delete)
	t.expiry(rows, i)
}

// expiry appends when a row's life is over, in milliseconds, or null.
func (t *table) expiry(rows *feature.Rows, i int) {
	ttl := t.schema.Group.TTL
	if ttl == 0 {
		t.values.null()
		return
	}
	from := rows.Records[i].Timestamp
	if t.schema.Time() >= 0 {
		from = toMillis(rows.Time(i), t.schema.TimeUnit())
	}
	life := ttl.Milliseconds()
	t.values.integer(min(from, math.MaxInt64-life) + life)
}

// toMillis rounds down, and stays within an int64.
func toMillis(t int64, unit time.Duration) int64 {
	if unit < time.Millisecond {
		step := int64(time.Millisecond / unit)
		q := t / step
		if t%step < 0 {
			q--
		}
		return q
	}
	step := int64(unit / time.Millisecond)
	return min(max(t, math.MinInt64/step), math.MaxInt64/step) * step
}
