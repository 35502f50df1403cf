package readers

import "github.com/tandemdata/tandem/internal/servers"

// limit is what a reader can't do, which the README says too. Each question that
// it is on must go wrong: once one is right, the reader can do it, and the limit goes.
type limit struct {
	why  string
	on   func(question) bool
	says string // part of the error; a wrong answer: part of what is wrong with it
}

var pyiceberg = reader{name: "pyiceberg", command: servers.Lake, script: "read_pyiceberg.py", leavesOut: func(q question) bool { return q.Ask == "min" || q.Ask == "max" }}

var duckdb = reader{name: "duckdb", command: servers.Lake, script: "read_duckdb.py", nanIsGreatest: true}

var polarsDefault = reader{name: "polars", command: servers.Lake, script: "read_polars.py", args: []string{"default"}, nanIsGreatest: true}

var polarsNative = reader{name: "polars-native", command: servers.Lake, script: "read_polars.py", args: []string{"native"}, nanIsGreatest: true}

var spark = reader{name: "spark", command: servers.Spark, script: "read_spark.py", nanIsGreatest: true}
