// Package pipeline runs a directed graph of stages over the ordered partitions of
// a log, and commits a partition's offset once every sink holds all rows before it.
//
//	source ─► decode ─► dedup ─► order-guard ─┬──────────► online sink ──┐
//	                                          └─► batch ─► offline sink ─┴─► join ─► source's offsets
//
// A graph is wired by From, Via, To and Join, which take settings: a Source, a
// Spec, a Sink. Check reports every fault of the wiring at once, and Run opens
// what is wired, moves rows until its context or the log ends, and drains.
// Nodes run side by side, each a handler of a Watermill router, with a bounded
// queue in front of it.
//
// # What moves
//
// A source opens a lane for each partition that it is assigned and pushes spans
// of it: stretches of the log, with the records in them. A decoder makes a batch
// of rows of each, of type feature.Rows. Every record keeps its place in the
// batch, and every row has an outcome at each store: it begins as pending, and a
// stage that drops it says why. So nothing disappears uncounted: for each sink,
//
//	read = written + duplicate + superseded + late + filtered + dead
//
// When rows are durable the sink reports their spans, counted; once every sink
// has reported a span, the lane's frontier moves past it, the ledger counts it,
// and the join commits it at the source. Backpressure goes the other way: an edge
// holds four batches of a lane, and what was pushed and not yet taken by every sink
// is bounded by Graph.Memory. A source is never blocked: Feed.Push reports that a
// lane is full, and the source pauses that one.
//
// # What a plug-in must do
//
// Each sentence of these contracts is enforced: a plug-in that breaks one ends
// the run with an error that names it.
//
// A decoder, a Stage of records to rows, makes rows for each batch so:
//
//	rows := feature.NewRows(node.Schema, in.TopicPartition)
//	rows.Spans = []feature.Span{in.Span}
//	for _, rec := range in.List {
//		// append one value to each of rows.Columns, then:
//		rows.Add(rec, feature.Upsert)
//		// or, of a record that is no row, after node.Reject:
//		rows.AddPlaceholder(rec, feature.Dead)
//	}
//	rows.Seal()
//	rows.MarkReplayed(in.ReplayedBefore)
//	emit(rows)
//
// A stage of rows to rows emits what it was given, span for span and record for
// record, gives outcomes by Rows.Drop, and changes columns only of the batch that
// Rows.Edit gives. It may be given a batch again, after an error of its own or of
// what comes after it, and then gives the same answer. One that keeps rows
// between calls is a Flusher. One that needs state from before a lane's start is
// a Replayer. Package stagetest holds a stage against all of this.
//
// A sink's Writer writes the rows that are pending at its store, lane by lane in
// order, and calls SinkNode.Durable with Rows.Tally once, and not before, they
// would survive a crash. Rows that come again change nothing. One that stores
// progress beside its rows is a ProgressStore: then lanes open where the store
// is. Package sinktest holds a sink against this.
//
// A source opens a Feed a partition, at the place that SourceNode.Progress gives,
// pushes spans that follow each other, pauses a feed that is full, ends its feeds
// and waits until they are done. Package sourcetest holds a source against this.
//
// An error is Transient (the batch comes again, after a pause), Restart (all
// lanes reopen where the stores are) or, without a mark, the end of the run.
//
// # Glossary
//
//   - batch: what a node is given at once: records or rows of one lane.
//   - dead letter: a record that can't be a row, or not in one store, sent to the
//     publisher of Graph.DeadLetters.
//   - drain: what Run does at its end: what was read is made durable and committed.
//   - durable: in the store, and there after a crash.
//   - epoch: which life of a topic. A topic that was deleted and made again, or
//     got partitions under order by log, is another log of the same name.
//   - frontier: of a lane, the offset before which every sink holds all rows.
//   - in flight: pushed, and not yet taken by every sink.
//   - lane: one partition for as long as it is assigned; the unit of order. A
//     stage has an instance, and so its state, for each lane.
//   - late: older than a row of its key that was known before.
//   - ledger: the counts of outcomes, by sink.
//   - outcome: what became of a row on its way to one store.
//   - pending: the outcome of a row that is still on its way.
//   - progress: how far each sink holds a lane, as a store keeps it.
//   - receipt: a sink's report that spans are durable.
//   - replay: reading records from before a lane's start to load the state of
//     stages. Replayed rows are not written or counted again.
//   - restart: dropping what isn't durable and reopening all lanes where the
//     stores are.
//   - session: a run from one opening of lanes to the next.
//   - snapshot: a state of the offline table that readers see as a whole.
//   - span: a stretch of a log, as the source cut it. It is never cut again.
//   - superseded: replaced, in the same write, by a newer row of its identity.
package pipeline
