package readers

import (
	"slices"
	"strings"

	"github.com/tandemdata/tandem/internal/servers"
)

// limit is what a reader can't do, which the README says too. Each question that
// it is on must go wrong: once one is right, the reader can do it, and the limit goes.
type limit struct {
	why  string
	on   func(question) bool
	says string // part of the error; a wrong answer: part of what is wrong with it
}

var pyiceberg = reader{
	name: "pyiceberg", command: servers.Lake, script: "read_pyiceberg.py",
	leavesOut: func(q question) bool { return q.Ask == "min" || q.Ask == "max" },
	limits: []limit{
		{"a filter can't name NaN", func(q question) bool { return q.Value == "NaN" }, "Cannot create expression literal from NaN"},
		{"no float is compared with an infinity", func(q question) bool { return q.Type == "float" && isInfinite(q.Value) }, "rows, want"},
		requiredInOptional,
		nullOfStructs,
	},
}

var duckdb = reader{
	name: "duckdb", command: servers.Lake, script: "read_duckdb.py", nanIsGreatest: true,
	limits: []limit{
		{"iceberg_scan can't name a tag", func(q question) bool { return q.At["tag"] != nil }, "snapshot_from_ref"},
	},
}

var polarsDefault = reader{
	name: "polars", command: servers.Lake, script: "read_polars.py", args: []string{"default"}, nanIsGreatest: true, leavesOut: half,
	limits: []limit{
		byIDOnly,
		{"the greatest of floats is so beside NaN", func(q question) bool { return q.Ask == "max" && (q.Type == "float" || q.Type == "double") }, "want NaN"},
		nullOfStructs,
	},
}

var polarsNative = reader{
	name: "polars-native", command: servers.Lake, script: "read_polars.py", args: []string{"native"}, nanIsGreatest: true,
	// By the table's own columns it may leave the files out that it can't read.
	leavesOut: func(q question) bool {
		return half(q) || len(q.Column) > 0 && strings.HasPrefix(q.Column[0], "tandem_")
	},
	limits: []limit{
		byIDOnly,
		{
			"its own reader wants a delete file for each data file", func(q question) bool {
				return q.moment == "head" || q.moment == "before"
			},
			"not limited to one data file",
		},
	},
}

var spark = reader{
	name: "spark", command: servers.Spark, script: "read_spark.py", nanIsGreatest: true,
	limits: []limit{
		requiredInOptional,
	},
}

var (
	byIDOnly = limit{
		"polars goes back by the id of a snapshot only", func(q question) bool { return q.At["tag"] != nil || q.At["time"] != nil }, "NotImplementedError",
	}
	requiredInOptional = limit{
		"a required field of a struct that is null is never null to a filter", func(q question) bool {
			last := len(q.Column) - 1
			return q.Op == "null" && last > 0 && (q.Column[last] == "x" || q.Column[last] == "at" || q.Column[last] == "amount")
		}, "0 rows, want",
	}
	nullOfStructs = limit{
		"a list or map of structs that is null comes as an empty one, also in a struct", func(q question) bool {
			of := []string{"opt_points", "opt_holed_points", "opt_named", "opt_holed_named", "opt_deep"}
			return q.Ask == "rows" && len(q.Column) == 1 && slices.Contains(of, q.Column[0])
		}, "want",
	}
)

func isInfinite(v any) bool { return v == "7f800000" || v == "ff800000" }

// half spares time: a reader that takes long is asked about each second filter.
func half(q question) bool { return len(q.Column) > 0 && q.ID%2 == 1 }
