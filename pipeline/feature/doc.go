// Package feature is what moves: the feature group, its schema, columnar rows,
// and the one order by which every stage, both stores and every check compare
// two rows of a key.
//
// It imports the standard library only; other packages compile Avro, CQL, SQL
// and Parquet from and into it.
package feature
