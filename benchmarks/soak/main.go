// soak keeps a Cassandra table and an Iceberg table in step with a topic while everything that one machine can do to it
// is done at random, and then compares both stores with what was sent:
//
//	go run ./benchmarks/soak -for 10m
//
// It starts its own Kafka and Cassandra on 127.0.0.1 and needs Java 17 and Maven. Each fault happens at least once,
// however short the time. A breach is exit 1; -seed has it do the same again, as far as processes and networks repeat
// themselves.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/tandemdata/tandem/benchmarks/crash"
)

func main() {
	crash.Child()
	length := flag.Duration("for", 10*time.Minute, "how long faults go on")
	seed := flag.Uint64("seed", uint64(time.Now().UnixNano()), "what they are chosen by")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Stdout, *length, *seed); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, length time.Duration, seed uint64) error {
	dir, err := os.MkdirTemp("", "soak-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fmt.Fprintf(out, "%v of faults, seed %d\n", length, seed)
	s := &soak{out: out, random: rand.New(rand.NewPCG(seed, 2)), tally: crash.Tally{}}
	defer s.close()
	if err := s.open(ctx, dir, seed); err != nil {
		return err
	}
	err = s.goOn(ctx, length)
	fmt.Fprintf(out, "\n%d records, %d processes\n%v", s.world.Sent(), s.world.Started(), s.tally)
	if err != nil {
		fmt.Fprintln(out, s.world.Logs())
		return err
	}
	fmt.Fprintln(out, "both stores hold what the log says")
	return nil
}

// goOn does one thing after the other until the time is over, and looks at the stores now and then.
func (s *soak) goOn(ctx context.Context, length time.Duration) error {
	list := s.faults()
	end := time.Now().Add(length)
	for n := 0; n < len(list) || time.Now().Before(end); n++ {
		f := list[n%len(list)]
		if n%len(list) == 0 {
			s.random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
			f = list[0]
		}
		fmt.Fprintf(s.out, "%s  %s\n", time.Now().Format(time.TimeOnly), f.name)
		if err := errors.Join(f.do(ctx), s.mend(ctx)); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		s.tally.Add(f.name)
		if n%len(list) == len(list)-1 {
			if err := s.look(ctx); err != nil {
				return fmt.Errorf("after %s: %w", f.name, err)
			}
		}
	}
	if err := s.look(ctx); err != nil {
		return err
	}
	if err := s.leaveAll(); err != nil {
		return err
	}
	return s.world.Settle(ctx)
}

// look compares the stores while members have nothing to do.
func (s *soak) look(ctx context.Context) error {
	if err := s.world.CaughtUp(ctx); err != nil {
		return err
	}
	return s.world.Look(ctx)
}
