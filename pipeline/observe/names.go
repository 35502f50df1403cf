package observe

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tandemdata/tandem/pipeline/status"
)

// all is filled by the declarations below.
var all []*prometheus.Desc

func metric(name, help string, labels ...string) *prometheus.Desc {
	d := prometheus.NewDesc("tandem_"+name, help, labels, nil)
	all = append(all, d)
	return d
}

// Of the graph.
var (
	phase       = metric("phase", "1 for what the graph is doing now.", "phase")
	ready       = metric("ready", "1 if the graph is ready, as /readyz says it.")
	began       = metric("run_start_time_seconds", "When the run began, in seconds since 1970.")
	memory      = metric("in_flight_bytes", "Records pushed by sources and not yet taken by every sink.")
	memoryLimit = metric("in_flight_limit_bytes", "What may be in flight (Graph.Memory).")
	restarts    = metric("restarts_total", "How often all lanes were dropped and reopened where the stores are.")
	lanes       = metric("lanes", "Partitions that this process has open.")
	deadLetters = metric("dead_letters_total", "Records sent to the dead letters, by the node that refused them and why.", "node", "kind")
)

// Of each node.
var (
	batches = metric("node_batches_total", "Batches that a node took; a source's were pushed.", "node")
	rows    = metric("node_rows_total", "Rows in the batches that a node took, whatever their outcome.", "node")
	busy    = metric("node_busy_seconds_total", "Time inside a node, all lanes together.", "node")
	blocked = metric("node_blocked_seconds_total", "Time that a node waited for room in front of the next one, all lanes together.", "node")
	retries = metric("node_retries_total", "Batches that came to a node again after an error.", "node")
	queued  = metric("node_queue_batches", "Batches of a lane that waited when a node took one.", "node")
	waiting = metric("node_waiting", "1 while a node tries again what keeps failing.", "node")
)

// Of each sink.
var (
	outcome      = metric("store_rows_total", "Rows by what became of them at a store, once every store has them.", "node", "store", "outcome")
	replaced     = metric("store_replaced_rows_total", "Rows in a store that gave way to a later one of their identity.", "node", "store")
	filtered     = metric("store_filtered_rows_total", "Rows that were filtered, by why.", "node", "store", "reason")
	fresh        = metric("store_freshness_seconds", "From a record's timestamp until its row is durable in a store; a span counts by its first record.", "node", "store")
	transit      = metric("store_transit_seconds", "From when a record was read until its row is durable in a store.", "node", "store")
	commit       = metric("store_commit_duration_seconds", "How long commits of a table took.", "node", "store")
	races        = metric("store_commit_races_lost_total", "Commits that were made anew because another writer was faster.", "node", "store")
	lagSeconds   = metric("store_lag_seconds", "Age of the oldest record that was read and isn't durable in a store.", "node", "store")
	stillSeconds = metric("store_stalled_seconds", "How long no row has become durable in a store while some waited.", "node", "store")
)

// Of each open partition.
var (
	lag      = metric("partition_lag_records", "Offsets from what every store holds to the end of the log.", "topic", "partition")
	position = metric("partition_read_offset", "The offset after what was read.", "topic", "partition")
	end      = metric("partition_end_offset", "The end of the log, as far as the source knows it.", "topic", "partition")
	durable  = metric("partition_durable_offset", "The offset before which a store holds all rows.", "topic", "partition", "node")
)

func partition(l status.Lane) string { return strconv.Itoa(int(l.Partition)) }
