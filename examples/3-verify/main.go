// 3-verify says whether both stores agree, while graphs write to them:
//
//	go run ./examples/3-verify -name clicks -key user_id -event-time ts -order event-time -schema clicks.avsc \
//	    -cassandra localhost -keyspace features -warehouse ./warehouse
//
// It exits with 0 where they do, 1 where they differ, and 2 where it couldn't tell.
// With -repair it says what would have the online store hold what the offline table says, and
// with -yes it does it.
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

	"github.com/tandemdata/tandem/sinks/insync"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the next signal is no longer caught
	os.Exit(code(run(ctx, os.Args[1:], os.Stdout, os.Stderr)))
}

// couldNotTell is the exit code of whatever is no verdict.
const couldNotTell = 2

func code(v insync.Verdict, err error) int {
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "tandem:", err)
	default:
		return v.Exit()
	}
	return couldNotTell
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) (insync.Verdict, error) {
	o, err := parse(args)
	if err != nil {
		return insync.Verdict{}, err
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(o.memory.bytes()) // the collector keeps garbage within it, too
	}
	v, err := o.verify()
	if err != nil {
		return insync.Verdict{}, err
	}
	shown := show(stderr, &v)
	var verdict insync.Verdict
	if o.repair {
		verdict, err = o.repaired(ctx, v, stderr)
	} else {
		verdict, err = v.Run(ctx)
	}
	shown.end()
	if err != nil {
		return verdict, err
	}
	if !o.json {
		_, err = fmt.Fprintln(stdout, verdict)
		return verdict, err
	}
	fmt.Fprintln(stderr, verdict)
	return verdict, verdict.JSON(stdout)
}
