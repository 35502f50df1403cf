// Package parquet is the offline store: it keeps every row, in Parquet files that
// an Iceberg table names, and the progress of the whole graph with them.
//
// A commit publishes data files, the deletes of rows that they replace, and how
// far each partition is durable, in one snapshot: a reader sees all of it or
// nothing, and a restarted process reads from the table where to go on.
//
// The files, in the order in which a row meets them:
//
//	sink.go      settings, Check and Open
//	write*.go    a batch goes into the open cut: the rows and spans of the next commit
//	file*.go     the data files of a cut: columns, footer, disk
//	commit*.go   a cut becomes a snapshot: rows of one identity are resolved within
//	             the cut (commit_within.go) and against the table (commit_lookup.go,
//	             commit_resolve.go); the plan is published by compare-and-swap, and
//	             made again where another writer was faster
//	table*.go    the Iceberg table: catalog, schema, added columns, the files of a snapshot
//	maintain*.go what keeps the table small: history, manifests, removal of files, and compaction:
//	             maintain_tend.go says who and when, maintain_debt.go and maintain_jobs.go
//	             what; maintain_rewrite.go makes files anew of sorted runs (maintain_spill.go,
//	             maintain_runs.go), and maintain_replace.go puts them in the place of the old ones
//	scan.go      the table's rows, read back
//
// Two rooms know nothing of commits: internal/column has the columns of a file and
// their values in its pages, internal/identity the index by which a later commit
// finds the rows of a file that it replaces.
package parquet
