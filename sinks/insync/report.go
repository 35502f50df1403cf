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
	out := []field{{"snapshot", v.Snapshot}, {"rows", v.Rows}, {"keys", v.Keys}}
	for k := range kinds {
		out = append(out, field{Kind(k).String(), v.Count[k]})
	}
	out = append(out, field{"undecided", v.Undecided}, field{"deleted", v.Deleted},
		field{"offline_only", v.OfflineOnly}, field{"online_only", v.OnlineOnly})
	for i, f := range out {
		before := ","
		if i == 0 {
			before = "{"
		}
		if _, err := fmt.Fprintf(w, "%s%q:%s", before, f.name, f.text()); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(w, "}")
	return err
}

// field is one of a JSON object whose fields have an order.
type field struct {
	name  string
	value any
}

func (f field) text() []byte {
	text, err := json.Marshal(f.value)
	if err != nil { // of a string or a number
		panic(err)
	}
	return text
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
