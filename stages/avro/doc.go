// Package avro reads Avro bodies into columns. It makes no map and no struct of
// a row, and takes nothing for a row that its schema didn't write: a body is
// read to its last byte or refused.
//
// Parse compiles the schema whose fields are columns. Another schema that wrote
// rows is a Writer; Resolve compiles the two, by the rules of "Schema
// Resolution" in Avro's specification, to a Program, once. A Reader runs a
// program for each body:
//
//	schema, err := avro.Parse(text)             // what can't be a column is an error that names its field
//	columns := …                                // one feature.Column for each of schema.Fields()
//
//	writer, err := avro.ParseWriter(other)      // or schema.Writer(), for rows that schema itself wrote
//	program, err := schema.Resolve(writer)      // ErrIncompatible if they don't resolve
//
//	var r avro.Reader                           // one for each goroutine; programs are shared
//	err = r.Append(columns, program, body)      // after an error columns hold a part of the row
//
// Key does the same for record keys, which have the columns of the primary key.
// Grow gives a schema the columns that a writer adds.
//
// Writers need not have written rows as their schemas say: InBytes is for rows
// in which nested values stand as bytes, and Resolve takes several forms where
// nothing tells which one a body has.
//
// Schemas are parsed by hamba/avro. What it does otherwise than Avro's
// specification, or than is needed here, is in hamba.go, logical.go and
// fingerprint.go; no other package knows it.
package avro
