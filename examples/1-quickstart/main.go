// 1-quickstart runs the whole of Tandem with nothing but Go installed: an
// embedded Kafka, feature rows with all that goes wrong in practice among them,
// the real graph, and at the end the proof that both stores agree.
//
//	go run ./examples/1-quickstart
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/report"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the next signal is no longer caught
	rows := flag.Int("rows", 200_000, "how many records to produce")
	dir := flag.String("dir", "tandem-quickstart", "where the stores are made; those of an earlier quickstart there are replaced")
	flag.Parse()
	if err := run(ctx, *rows, *dir); err != nil {
		fmt.Fprintln(os.Stderr, "tandem:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, rows int, dir string) error {
	p, err := prepare(dir)
	if err != nil {
		return err
	}
	fmt.Printf("Producing %s feature rows of 20 columns to an embedded Kafka, with duplicates, late rows,\ndeletes and a few undecodable records among them …\n", report.Count(int64(rows)))
	log, err := produce(ctx, rows)
	if err != nil {
		return err
	}
	defer log.close()

	g := p.graph(log)
	report.Heading(os.Stdout, "The graph:")
	fmt.Print(g)
	fmt.Println()
	if err := show(ctx, g, int64(rows)); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return errors.New("interrupted before the end of the log: both stores hold what was read until then")
	}
	report.Heading(os.Stdout, "What became of every row:")
	report.Ledger(os.Stdout, g.Ledger())
	fmt.Printf("  %d undecodable records went to the topic %q.\n", log.deadLetters(), deadLetterTopic)
	fmt.Print(words)
	p.tell()
	return p.agree(ctx)
}

// words explains the ledger.
const words = `
  duplicate   the same row had come before
  superseded  a newer row of its key came in the same write
  late        a newer row of its key was known already; the offline table keeps it as history
  dead        it can't be decoded
  replaced    of the rows written, those that a newer one has replaced since
`

// show runs the graph beside its progress.
func show(ctx context.Context, g *pipeline.Graph, total int64) error {
	shown, done := context.WithCancel(context.Background())
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		report.Progress(shown, os.Stdout, g, total)
	}()
	err := g.Run(ctx)
	done()
	<-finished
	return err
}

// marker is the file by which a quickstart knows its own directory.
const marker = ".tandem-quickstart"

// prepare makes an empty directory. Its embedded Kafka begins anew each time,
// so stores of an earlier run, which know another log, can't go on.
func prepare(dir string) (*place, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	p := &place{dir}
	if _, err := os.Stat(filepath.Join(dir, marker)); err == nil {
		if err := p.clear(); err != nil {
			return nil, err
		}
	} else if left, _ := os.ReadDir(dir); len(left) > 0 {
		return nil, fmt.Errorf("%s holds something else: give an empty directory with -dir", dir)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	if err := os.WriteFile(p.schema(), []byte(rowSchema), 0o644); err != nil {
		return nil, err
	}
	return p, os.WriteFile(filepath.Join(dir, marker), []byte("made by Tandem's quickstart\n"), 0o644)
}
