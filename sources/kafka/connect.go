package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// patience is how long a start and a last commit wait for brokers, and farewell
// how long leaving the group does.
const (
	patience = 10 * time.Second
	farewell = 3 * time.Second
)

// fetchWait is how long a broker holds a fetch that has nothing to answer. A
// partition that is resumed waits for the fetch under way without it, so this is
// also what a lane can lose when it is ready again and all others are idle.
const fetchWait = 50 * time.Millisecond

// connect makes the client and finds the topic, or says in one error why not.
// The client consumes nothing yet.
func (r *reader) connect(ctx context.Context) error {
	var alive context.Context
	alive, r.hangUp = context.WithCancel(context.Background())
	options := append(r.options(), kgo.WithContext(alive))
	client, err := kgo.NewClient(append(options, r.groupOptions()...)...)
	if err != nil {
		r.hangUp()
		return err
	}
	r.client, r.admin = client, kadm.NewClient(client)
	if err := r.find(ctx); err != nil {
		r.hangUp()
		client.Close()
		return err
	}
	return nil
}

func (r *reader) find(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := r.client.Ping(ctx); err != nil {
		return fmt.Errorf("no answer from brokers %s: %w", strings.Join(r.Brokers, ", "), err)
	}
	t, err := r.topic(ctx)
	if err != nil {
		return err
	}
	r.id, r.count = t.id, t.count
	r.client.UpdateFetchMaxBytes(r.FetchBytes, r.partitionBytes(t.count))
	if r.UntilEnd {
		r.until, err = t.stable(ctx)
	}
	return err
}

// partitionBytes is what is fetched of one partition at a time. All of it waits in
// front of the lane, so that many partitions take smaller pieces.
func (s Source) partitionBytes(partitions int32) int32 {
	if s.PartitionBytes > 0 {
		return s.PartitionBytes
	}
	return min(max(s.FetchBytes/max(partitions, 1), 64<<10), 2<<20)
}

func (r *reader) options() []kgo.Opt {
	opts := []kgo.Opt{
		kgo.SeedBrokers(r.Brokers...),
		kgo.ClientID("tandem"),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.KeepControlRecords(),
		kgo.ConsumeResetOffset(kgo.NoResetOffset()),
		kgo.FetchMaxBytes(r.FetchBytes),
		kgo.FetchMaxWait(fetchWait),
		kgo.MetadataMaxAge(r.growth),
		kgo.MetadataMinAge(min(r.growth, 5*time.Second)),
		kgo.WithHooks(&outage{log: r.in.Logger, waits: r.in.Waits}),
	}
	if r.TLS != nil {
		opts = append(opts, kgo.DialTLSConfig(r.TLS))
	}
	if r.SASL != nil {
		m, _ := r.SASL.mechanism() // checked
		opts = append(opts, kgo.SASL(m))
	}
	return opts
}

// outage logs once that brokers are gone, and once that they are back; the
// client tries again by itself.
type outage struct {
	log   *slog.Logger
	waits func(error)
	down  atomic.Bool
}

var _ kgo.HookBrokerConnect = (*outage)(nil)

// OnBrokerConnect is called by the client after each attempt to connect.
func (o *outage) OnBrokerConnect(meta kgo.BrokerMetadata, _ time.Duration, _ net.Conn, err error) {
	addr := net.JoinHostPort(meta.Host, fmt.Sprint(meta.Port))
	switch {
	case errors.Is(err, context.Canceled): // the client is hanging up
	case err != nil && !o.down.Swap(true):
		o.waits(fmt.Errorf("broker %s unreachable: %w", addr, err))
		o.log.Warn("broker unreachable, will retry", "broker", addr, "error", err)
	case err == nil && o.down.Swap(false):
		o.waits(nil)
		o.log.Info("broker reached again", "broker", addr)
	}
}
