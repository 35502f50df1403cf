package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"github.com/tandemdata/tandem/benchmarks/crash"
	"github.com/tandemdata/tandem/internal/servers"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// soak is what there is to be broken.
type soak struct {
	out    io.Writer
	random *rand.Rand
	tally  crash.Tally

	broker, store    *servers.Own
	kafka, cassandra *crash.Proxy
	world            *crash.World
	members          []*member
	closers          []func()
}

// most is how many processes are in the group at a time.
const most = 3

// open starts servers, proxies and the first members.
func (s *soak) open(ctx context.Context, dir string, seed uint64) (err error) {
	if s.broker, err = servers.OpenKafka(ctx); err != nil {
		return err
	}
	s.closers = append(s.closers, s.broker.Close)
	if s.store, err = servers.OpenCassandra(ctx); err != nil {
		return err
	}
	s.closers = append(s.closers, s.store.Close)
	if s.kafka, err = s.proxy(s.broker); err != nil {
		return err
	}
	if s.cassandra, err = s.proxy(s.store); err != nil {
		return err
	}
	kind := []struct {
		order feature.Order
		keys  feature.Placement
	}{{feature.ByLog, feature.KeysStay}, {feature.ByEventTime, feature.KeysStay}, {feature.ByEventTime, feature.KeysMove}}[seed%3]
	if s.world, err = crash.NewWorld(ctx, s.broker.Addr(), s.store.Addr(), dir, seed, kind.order, kind.keys); err != nil {
		return err
	}
	s.closers = append(s.closers, s.world.Close)
	s.world.MayFail = true
	s.world.Broker, s.world.Cassandra = s.kafka.Addr, s.cassandra.Addr
	for range 2 {
		if err := s.join(); err != nil {
			return err
		}
	}
	return s.world.Held(ctx, 2)
}

func (s *soak) proxy(server *servers.Own) (*crash.Proxy, error) {
	p, err := crash.NewProxy(server)
	if err == nil {
		s.closers = append(s.closers, p.Close)
	}
	return p, err
}

func (s *soak) close() {
	for _, m := range s.members {
		m.Kill()
	}
	for i := len(s.closers) - 1; i >= 0; i-- {
		s.closers[i]()
	}
}

// load sends records for a while.
func (s *soak) load(ctx context.Context, d time.Duration) error {
	for end := time.Now().Add(d); time.Now().Before(end); {
		if err := s.world.Produce(ctx, 20); err != nil {
			return err
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// a while is up to d, under load.
func (s *soak) upTo(ctx context.Context, d time.Duration) error {
	return s.load(ctx, time.Duration(s.random.Int64N(int64(d))))
}

// mend puts everything in order but what rows have to be caught up with.
func (s *soak) mend(ctx context.Context) error {
	if err := s.kafka.Mend(); err != nil {
		return err
	}
	if err := s.cassandra.Mend(); err != nil {
		return err
	}
	return s.refill(ctx)
}

// say is a line for whoever watches.
func (s *soak) say(format string, args ...any) { fmt.Fprintf(s.out, "          "+format+"\n", args...) }
