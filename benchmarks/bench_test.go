package main

import (
	"context"
	"fmt"
	"testing"
)

// trialRows are those of one operation.
const trialRows = 64 << 10

// BenchmarkStage is each stage on one goroutine, over batches of 1,024 rows.
func BenchmarkStage(b *testing.B) {
	for _, name := range stageNames {
		b.Run(name, func(b *testing.B) { bench(b, stage(name, trialRows, 1024)) })
	}
}

// BenchmarkGraph is the whole graph with sinks that only count.
func BenchmarkGraph(b *testing.B) {
	for _, lanes := range []int{1, 4} {
		l := loadOf(bodies(), trialRows, lanes, 1024)
		b.Run(fmt.Sprintf("graph/lanes=%d", lanes), func(b *testing.B) { bench(b, graph("graph", l, work(), counting)) })
		b.Run(fmt.Sprintf("parquet/lanes=%d", lanes), func(b *testing.B) { bench(b, graph("graph", l, work(), inParquet)) })
		b.Run(fmt.Sprintf("channels/lanes=%d", lanes), func(b *testing.B) { bench(b, channels(l, counting)) })
	}
}

// BenchmarkTopology reads a Kafka inside the process.
func BenchmarkTopology(b *testing.B) {
	t, done, err := filled(b.Context(), 4, trialRows)
	if err != nil {
		b.Fatal(err)
	}
	defer done()
	b.Run("counting", func(b *testing.B) { bench(b, fromKafka("graph", t, counting)) })
	b.Run("parquet", func(b *testing.B) { bench(b, fromKafka("graph", t, inParquet)) })
	b.Run("sqlite-and-parquet", func(b *testing.B) { bench(b, fromKafka("graph", t, inBoth)) })
	b.Run("straight-line", func(b *testing.B) { bench(b, straightLine(t, true)) })
}

// bench runs a contestant b.N times; its own clock leaves out what it sets up.
func bench(b *testing.B, who contestant) {
	var total clock
	rows := int64(0)
	for range b.N {
		var c clock
		n, err := who.run(context.Background(), &c)
		if err != nil {
			b.Fatal(err)
		}
		rows += n
		total.took, total.cpu, total.allocs = total.took+c.took, total.cpu+c.cpu, total.allocs+c.allocs
	}
	each := float64(rows)
	b.ReportMetric(each/total.took.Seconds(), "rows/s")
	b.ReportMetric(float64(total.took)/each, "ns/row")
	b.ReportMetric(float64(total.cpu)/each, "cpu-ns/row")
	b.ReportMetric(float64(total.allocs)/each, "allocs/row")
}
