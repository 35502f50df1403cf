// 2-online-and-offline keeps a Cassandra table (or an SQLite file) and an
// Iceberg table in step with a topic on your own Kafka:
//
//	go run ./examples/2-online-and-offline -brokers localhost:9092 -topic clicks -name clicks -key user_id \
//	    -schema clicks.avsc -cassandra localhost -keyspace features -warehouse ./warehouse
//
// The first interrupt drains: what was read is made durable and committed. A
// second one exits at once.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/tandemdata/tandem/pipeline/report"
)

// softLimit has the garbage collector work harder before the process gets there:
// its bounds are those of what is alive, and garbage comes on top.
const softLimit = 384 << 20

func main() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(softLimit)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the next signal is no longer caught
	switch err := run(ctx, os.Args[1:], os.Stdout); {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "tandem:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	g, release, err := o.graph()
	if err != nil {
		return err
	}
	defer release()
	if err := g.Check(); err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, g)

	shown, done := context.WithCancel(context.Background())
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		report.Progress(shown, os.Stderr, g, 0)
	}()
	err = g.Run(ctx)
	done()
	<-finished
	if err == nil {
		err = o.pin(context.WithoutCancel(ctx))
	}

	if err != nil && g.Ledger().Read == 0 {
		return err
	}
	report.Heading(os.Stderr, "What became of every row of this run:")
	report.Ledger(os.Stderr, g.Ledger())
	fmt.Fprintln(os.Stderr)
	if o.json {
		err = errors.Join(err, report.JSON(stdout, g.Ledger()))
	}
	return err
}
