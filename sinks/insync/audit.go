package insync

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// sent counts and writes down a fix, before it is done.
func (f *fixer) sent(fix pipeline.Fix) error {
	d := Difference{Online: &fix.Row.Version}
	for _, k := range f.Schema.Keys() {
		d.Key = append(d.Key, fix.Row.Values[k])
	}
	what := "put"
	if fix.Remove || fix.Row.Version.Delete {
		f.done.Gone++
		what = "delete"
	} else {
		f.done.Put++
	}
	if !f.Apply {
		what = "would " + what
	}
	return f.audit(what, d)
}

func (f *fixer) audit(what string, d Difference) error {
	if f.Audit == nil {
		return nil
	}
	line := map[string]any{"at": time.Now().UTC().Format(time.RFC3339Nano), "did": what, "key": d.Key}
	if d.Kind.Fault() {
		line["kind"] = d.Kind.String()
	}
	for name, v := range map[string]*feature.Version{"online": d.Online, "offline": d.Offline} {
		if v != nil {
			line[name] = map[string]any{"epoch": v.Epoch, "partition": v.Partition, "offset": v.Offset, "time": v.Time, "delete": v.Delete}
		}
	}
	if err := json.NewEncoder(f.Audit).Encode(line); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	return nil
}
