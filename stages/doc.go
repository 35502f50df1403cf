// Package stages is what happens to rows on the way: Decode, Filter, Map, Dedup,
// OrderGuard, Batch, and Commit, which joins what sinks have made durable.
//
// Each stage but Filter and Map, which take a function, is a struct of settings
// of which zero means the default. A stage makes one instance for each lane.
//
// Decode reads records by a wire.Format, which says where in a record the Avro
// body is and which schema wrote it: see package stages/wire. What another
// schema wrote is resolved to Decode.Schema by Avro's rules: see package
// stages/avro, which reads bodies into columns. Records that aren't meant for a
// store are counted there as filtered, and the ledger says why.
package stages
