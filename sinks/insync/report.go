package insync

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// described is how many faults a verdict's text has.
const described = 10

// String is the report for people: one line, and one more for each of the first faults.
func (v Verdict) String() string {
	var b strings.Builder
	switch {
	case v.OK():
		b.WriteString("in sync")
	case v.Found() == 0:
		fmt.Fprintf(&b, "can't tell yet: undecided: %d", v.Undecided)
	default:
		fmt.Fprintf(&b, "not in sync: differences: %d", v.Found())
	}
	fmt.Fprintf(&b, ": offline rows: %d, keys: %d, of them deleted: %d", v.Rows, v.Keys, v.Deleted)
	for k := range kinds {
		if k := Kind(k); k != Equal && v.Count[k] > 0 {
			fmt.Fprintf(&b, ", %s: %d", strings.ReplaceAll(k.String(), "_", " "), v.Count[k])
		}
	}
	for i, d := range v.Faults {
		if i == described {
			fmt.Fprintf(&b, "\n\t… and %d more", v.Found()-described)
			break
		}
		fmt.Fprintf(&b, "\n\t%v", d)
	}
	return b.String()
}

// JSON writes the verdict as one object on a line.
func (v Verdict) JSON(w io.Writer) error {
	out := map[string]any{
		"snapshot": v.Snapshot, "rows": v.Rows, "keys": v.Keys, "deleted": v.Deleted, "undecided": v.Undecided,
		"offline_only": v.OfflineOnly, "online_only": v.OnlineOnly,
	}
	for k := range kinds {
		out[Kind(k).String()] = v.Count[k]
	}
	return json.NewEncoder(w).Encode(out)
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
