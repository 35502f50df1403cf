// Package stages is what happens to rows on the way: decode, dedup, order
// guard, batch, and the commit that joins what sinks have made durable.
//
// Each stage is a struct of settings of which zero means the default, and makes
// one instance for each lane.
//
// # Formats
//
// A Format tells Decode where in a record the Avro body is, which schema wrote
// it, and what becomes of the row:
//
//	              the value                       its schema                    a delete
//	Bare          the body                        Decode.Schema                 a null value, or the header operation
//	Confluent     00, an id in 4 bytes, the body  in a registry, by the id      a null value, or the header operation
//	SingleObject  C3 01, a fingerprint, the body  by the fingerprint            a null value, or the header operation
//	Hopsworks     the body                        by the header subjectId       the header operation
//
// What another schema wrote is resolved to Decode.Schema by Avro's rules. What
// a null value deletes is told by the record's key, which Confluent may have
// framed too; Hopsworks' keys tell nothing. Only Hopsworks' records name the
// stores that they are for and the feature group that they are of; those that
// are not for a store are counted there as filtered, and the ledger says why.
// Any other format is a type of two methods: see Format and Writers.
package stages
