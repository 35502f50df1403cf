// Package feature is the vocabulary of the project: what is declared of a feature
// group, its rows, and where they are in a log.
//
// # What is declared
//
// A Group has a name, a primary key, perhaps an event time, and an Order: by log,
// where the later position is the newer row, or by event time, where the greater
// time is. A Schema is the group with its Fields. A row's identity is its primary
// key online, and offline the key with the event time, if there is one: online
// holds the newest row of each key, offline every row once.
//
// Order.Compare is the one comparator: stages, stores and checks all ask it
// which of two Versions is the newer.
//
// # Rows
//
// Rows is a batch, column by column: Column has a slice for each Kind, with
// values aligned with rows, and a Field says what they stand for (Logical). Row is
// a view of one row for people who don't want columns; Binding reads and writes
// rows as structs.
//
// A batch is made by NewRows, gets a value a column and Add for each record, and
// is sealed, which computes keys and event times. After that:
//
//   - an outcome is given by Drop, at one store or both, and stays;
//   - columns, operations and records stay as they are, since branches of a graph
//     share them: Edit gives a batch with some columns of its own;
//   - Tally counts the outcomes of a store span by span, which is what a sink
//     reports once the rows are durable.
//
// Outcomes: Pending is on its way, and counts as written once it is durable.
// Duplicate, Superseded, Late, Filtered and Dead are why a row isn't written.
// Replayed rows come from before a lane's start and only load state. The reasons
// after Replayed count as Filtered and say why.
//
// # The log
//
// A Record is one entry as it was read, a Span a stretch of a partition, a
// TopicPartition names the partition and which life of the topic it is (epoch), a
// Lane is one assignment of it, and Progress is how far each sink holds it.
//
// # For those who write stores and decoders
//
// Key, KeyDigest, Identity and IdentityDigest name rows: equal bytes are equal
// identities, and their encoding is part of stored formats. AppendContent and
// AppendValue are the one encoding of a row's and a value's content, by which
// stores are compared. Unscaled, AppendUnscaled and TrimUnscaled read and write
// decimals.
//
// The package imports the standard library only; other packages compile Avro,
// CQL, SQL and Parquet from and into it.
package feature
