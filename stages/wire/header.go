package wire

import (
	"fmt"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Operation reads the header that says upsert or delete, by default
// "operation". A record without it is an upsert; any other value is an error,
// as to take it for an upsert could bring back what was to go.
func Operation(rec *feature.Record, name string) (feature.Op, error) {
	if name == "" {
		name = "operation"
	}
	switch v, ok := LastHeader(rec, name); {
	case !ok, string(v) == "upsert":
		return feature.Upsert, nil
	case string(v) == "delete":
		return feature.Delete, nil
	default:
		return feature.Upsert, fmt.Errorf("header %s: %.20q is neither upsert nor delete", name, v)
	}
}

// LastHeader is the value of a header, of which the last counts where it is
// repeated.
func LastHeader(rec *feature.Record, name string) ([]byte, bool) {
	for i := len(rec.Headers) - 1; i >= 0; i-- {
		if rec.Headers[i].Key == name {
			return rec.Headers[i].Value, true
		}
	}
	return nil, false
}
