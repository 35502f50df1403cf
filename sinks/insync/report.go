package insync

import (
	"fmt"
	"strings"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// most is how many differences are described; the others are counted.
const most = 10

// Report is what a comparison found.
type Report struct {
	Rows    int64 // in the offline store
	Keys    int64 // among those rows
	Deleted int64 // keys whose greatest row is a delete
	Expired int64 // keys that are absent online because of the group's TTL

	Differences []string // the first ten, described
	Found       int64    // all of them
}

// OK reports whether the stores tell the same story.
func (r Report) OK() bool { return r.Found == 0 }

// String is the report for people.
func (r Report) String() string {
	counts := fmt.Sprintf("offline rows: %d, keys: %d, of them deleted: %d", r.Rows, r.Keys, r.Deleted)
	if r.Expired > 0 {
		counts += fmt.Sprintf(", expired: %d", r.Expired)
	}
	if r.OK() {
		return "in sync: " + counts
	}
	out := fmt.Sprintf("not in sync: differences: %d, %s\n\t%s", r.Found, counts, strings.Join(r.Differences, "\n\t"))
	if n := r.Found - int64(len(r.Differences)); n > 0 {
		out += fmt.Sprintf("\n\t… and %d more", n)
	}
	return out
}

func (c *comparison) differ(format string, args ...any) {
	c.report.Found++
	if len(c.report.Differences) < most {
		c.report.Differences = append(c.report.Differences, fmt.Sprintf(format, args...))
	}
}

// key names a row for people.
func (c *comparison) key(row feature.Stored) string {
	var parts []string
	for _, k := range c.schema.Keys() {
		parts = append(parts, fmt.Sprintf("%s=%s", c.schema.Fields[k].Name, show(row.Values[k])))
	}
	return strings.Join(parts, " ")
}

func (c *comparison) values(row feature.Stored) string {
	var parts []string
	for i, f := range c.schema.Fields {
		if !c.schema.IsKey(i) {
			parts = append(parts, f.Name+"="+show(row.Values[i]))
		}
	}
	return strings.Join(parts, " ")
}

func show(v any) string {
	switch v := v.(type) {
	case string:
		return fmt.Sprintf("%.60q", v)
	case []byte:
		return fmt.Sprintf("0x%.30x", v)
	}
	return fmt.Sprintf("%.60v", v)
}

func place(v feature.Version) string {
	return fmt.Sprintf("offset %d of partition %d, epoch %d", v.Offset, v.Partition, v.Epoch)
}
