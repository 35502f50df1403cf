// Package kafka is the log that feature rows arrive on: it reads a topic with
// franz-go, as a member of a consumer group or alone, and hands each partition
// over as a lane.
//
// The files, in the order in which things happen:
//
//	source.go   the settings
//	connect.go  the client, and whether the brokers and the topic are there
//	topic.go    what the brokers say of the topic: its id, where partitions begin and end
//	past.go     what is known of partitions that were read before
//	begin.go    where each partition begins
//	reader.go   the life of a run: read, drain, leave
//	poll.go     the poll loop, and which of its errors stop
//	lane.go     one partition: spans, pieces, full and ready
//	group.go    partitions come and go
//	direct.go   all partitions, without a group
//	end.go      when a bounded run is over
//	commit.go   offsets to the group
//	mark.go     what the group keeps beside an offset
//
// Not obvious:
//
//   - The sinks say where a lane begins; what the group knows is used where none
//     of them keeps progress. Both are checked against the log before it is
//     read, and nothing is ever reset: an offset that the log no longer has is a
//     pipeline.DataLossError. Raising Epoch reads what is left as a new life.
//   - A span runs from the end of the one before to after the last record seen,
//     so that compacted, aborted and control records lie inside of spans.
//     Control records are kept by the client for that, and dropped here.
//   - The log ends at its last stable offset: the high watermark may stand further on
//     an open transaction, and the last entry may be a transaction's marker.
//   - Polls and rebalances exclude each other. So no record of a lane is in hand
//     when it is revoked, and none of its old records reaches a later lane of the
//     same partition. While a revoked lane finishes, the others are not polled.
package kafka
