// Benchmarks is what each stage and each topology costs, beside what one would
// use instead, in the same run.
//
//	go run ./benchmarks                          every part that needs no server
//	go run ./benchmarks -goals -real             the goals, with a Kafka and a Cassandra of its own
//	go run ./benchmarks -stage decode            one stage; -topology online-offline, one topology
//	go test -run '^$' -bench . ./benchmarks/...  the same for benchstat
//
// How it measures:
//
//	turns.go    contestants take turns, the first of them twice; what those two differ by is noise
//	clock.go    time, CPU and allocations of a trial, without what was set up for it
//	load.go     rows made beforehand, and a source of them
//	stages.go, graphs.go, kafka.go, sinks*.go, window.go, table.go, memory.go, child.go, freshness.go   what is measured
//	row.go, straight.go, naive.go                            what one would use instead
//	goals.go    what the project has set itself, and whether it is met
//	report.go, plots.go                                      the text, and the page with plots
package main
