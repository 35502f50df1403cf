// Package wire is what a record looks like: where in it the Avro body is, which
// schema wrote the body, and what becomes of the row.
//
//	              the value                       its schema                    a delete
//	Bare          the body                        Decode.Schema                 a null value, or the header operation
//	Confluent     00, an id in 4 bytes, the body  in a registry, by the id      a null value, or the header operation
//	SingleObject  C3 01, a fingerprint, the body  by the fingerprint            a null value, or the header operation
//	Hopsworks     the body                        by the header subjectId       the header operation
//
// What a null value deletes is said by the record's key, which Confluent may
// have framed too; Hopsworks' keys say nothing. Only Hopsworks' records name the
// stores that they are for and the feature group that they are of.
//
// # A format of one's own
//
// A Format is one method. What it needs beyond that it says by more of them:
//
//   - SchemaSource: records name the schema that wrote them, and it is looked up.
//   - Opener: there are settings to check, or to prepare, before the first record.
//   - Multiform: bodies aren't written as their schema says, or may have one of
//     several forms that nothing in the record tells apart.
//
// The formats here use nothing else. An error of Unpack makes a dead letter, of
// the kind undecodable unless it is ErrMagic, ErrHeader, ErrNoKey or
// ErrUnknownSchema.
package wire
