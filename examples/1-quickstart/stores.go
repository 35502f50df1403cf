package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/report"
	"github.com/tandemdata/tandem/sinks/insync"
	"github.com/tandemdata/tandem/sinks/parquet"
	"github.com/tandemdata/tandem/sinks/sqlite"
	"github.com/tandemdata/tandem/sources/kafka"
	"github.com/tandemdata/tandem/stages"
)

// place is the directory with both stores.
type place struct{ dir string }

func (p *place) database() string  { return filepath.Join(p.dir, "online.db") }
func (p *place) warehouse() string { return filepath.Join(p.dir, "warehouse") }
func (p *place) schema() string    { return filepath.Join(p.dir, "rows.avsc") }

func (p *place) online() *sqlite.Sink { return &sqlite.Sink{File: p.database()} }
func (p *place) offline() *parquet.Sink {
	return &parquet.Sink{Warehouse: p.warehouse(), CommitEvery: time.Second}
}

func (p *place) clear() error {
	errs := []error{os.RemoveAll(p.warehouse())}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(p.database() + suffix); !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// graph is the one that the picture in the README shows.
func (p *place) graph(log *embedded) *pipeline.Graph {
	g := pipeline.New("quickstart")
	g.DeadLetters(log.rejects, deadLetterTopic)
	records := pipeline.From(g, "kafka", kafka.Source{Brokers: log.brokers(), Topic: topic, ConsumerGroup: "quickstart", UntilEnd: true})
	rows := pipeline.Via(records, "decode", stages.Decode{Group: group(), Schema: rowSchema})
	fresh := pipeline.Via(rows, "dedup", stages.Dedup{})
	ordered := pipeline.Via(fresh, "order-guard", stages.OrderGuard{})
	online := pipeline.To(ordered, "online", p.online())
	batches := pipeline.Via(ordered, "batch", stages.Batch{})
	offline := pipeline.To(batches, "offline", p.offline())
	pipeline.Join(g, "commit", stages.Commit{}, online, offline)
	return g
}

// agree compares both stores row by row, both ways.
func (p *place) agree(ctx context.Context) error {
	schema, err := stages.Decode{Group: group(), Schema: rowSchema}.Describe(nil)
	if err != nil {
		return err
	}
	compared, err := insync.Compare(ctx, schema, p.online().Scan(ctx, schema), p.offline().Scan(ctx, schema))
	if err != nil {
		return fmt.Errorf("compare the stores: %w", err)
	}
	report.Heading(os.Stdout, "Do they agree?")
	fmt.Println("  Compared value by value, the online row of each key with the newest offline row of it:")
	fmt.Printf("  %v\n", compared)
	if !compared.OK() {
		return errors.New("the two stores do not agree")
	}
	return nil
}

// tell says where the stores are and how to look into them.
func (p *place) tell() {
	table := group().Table()
	report.Heading(os.Stdout, "Where the rows are:")
	fmt.Printf("  online   %s (SQLite, table %s)\n", p.database(), table)
	fmt.Printf("  offline  %s (Iceberg, table features.%s, catalog in catalog.db)\n", p.warehouse(), table)
	report.Heading(os.Stdout, "Compare them at any time, also while a graph writes:")
	fmt.Printf("  go run ./examples/3-verify -name entities -key entity_id -event-time event_time -order event-time -schema %s -sqlite %s -warehouse %s\n",
		p.schema(), p.database(), p.warehouse())
	report.Heading(os.Stdout, "Look into them:")
	fmt.Printf("  sqlite3 %s \"SELECT entity_id, event_time, score FROM %s LIMIT 5\"\n", p.database(), table)
	fmt.Printf("  duckdb -c \"INSTALL iceberg; LOAD iceberg; SELECT count(*), max(event_time) FROM iceberg_scan('%s')\"\n", filepath.Join(p.warehouse(), "features", table))
}
