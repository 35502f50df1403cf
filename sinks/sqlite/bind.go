package sqlite

import (
	"database/sql/driver"
	"math"
	"time"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// bind appends the values of row i. A delete has its key and the time that it
// is ordered by.
func (t *table) bind(rows *feature.Rows, i int) {
	v := rows.Version(i)
	for c := range rows.Columns {
		switch {
		case !v.Delete || t.schema.IsKey(c):
			t.add(t.value(&rows.Columns[c], i))
		case c == t.schema.Time():
			t.add(v.Time)
		default:
			t.add(nil)
		}
	}
	t.add(int64(v.Epoch))
	t.add(int64(v.Partition))
	t.add(v.Offset)
	t.add(v.Delete)
	t.add(t.expiry(rows, i))
}

func (t *table) add(v driver.Value) {
	t.args = append(t.args, driver.NamedValue{Ordinal: len(t.args) + 1, Value: v})
}

// expiry is when a row's life is over, in milliseconds, or nil.
func (t *table) expiry(rows *feature.Rows, i int) driver.Value {
	ttl := t.schema.Group.TTL
	if ttl == 0 {
		return nil
	}
	from := rows.Records[i].Timestamp
	if t.schema.Time() >= 0 {
		from = toMillis(rows.Time(i), t.schema.TimeUnit())
	}
	life := ttl.Milliseconds()
	return min(from, math.MaxInt64-life) + life
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
