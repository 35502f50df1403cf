package kafka

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"github.com/tandemdata/tandem/pipeline"
)

// Source reads one topic.
type Source struct {
	Brokers []string // host:port of some of them
	Topic   string

	// ConsumerGroup shares the partitions with other processes of that name, and
	// keeps the offsets up to which every sink is durable. Default: none; this
	// process reads all partitions, and keeps no offsets.
	ConsumerGroup string
	InstanceID    string // default none; a static member's name, which makes restarts cheap

	From  From  // where a partition begins that neither sinks nor group know; default Earliest
	Epoch int32 // which life of the topic; raise it when the topic was recreated, lost records or, by log, was given partitions

	// SkipLost reads on where the log now begins if records that come next were
	// lost to retention. The gap is logged, and kept with the progress. Default:
	// that is an error, a *pipeline.DataLossError.
	SkipLost bool

	// UntilEnd stops once all that was committed to the topic at the start is
	// durable in all sinks. Default: on and on.
	UntilEnd bool

	// Partitions is how many the topic must have. Default: any number. Where
	// keys must stay in their partition a topic that grows is noticed without it.
	Partitions int

	TLS  *tls.Config // default none: plain text
	SASL *SASL       // default none

	MaxBatch       int   // records of one hand-over at most; default 4096
	FetchBytes     int32 // of one fetch from one broker, compressed; default 4 MiB
	PartitionBytes int32 // of one partition in a fetch, compressed; default an equal share of FetchBytes, 64 KiB to 2 MiB

	CommitEvery      time.Duration // between commits to the group; default 1 s
	SessionTimeout   time.Duration // without a heartbeat, until the group lets this member go; default 45 s
	RebalanceTimeout time.Duration // half of it is what a revoked lane has to finish; default 1 min

	growth time.Duration // how often new partitions are looked for; default 30 s
}

var _ pipeline.Source = Source{}

// Check reports all that is wrong with the settings.
func (s Source) Check() error {
	errs := []error{s.SASL.check()}
	wrong := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	wrong(len(s.Brokers) == 0, "Brokers is empty: give the host:port of at least one")
	wrong(s.Topic == "", "Topic is empty")
	wrong(s.Epoch < 0, "Epoch is %d: it starts at 0 and only grows", s.Epoch)
	wrong(s.InstanceID != "" && s.ConsumerGroup == "", "InstanceID names a member of a ConsumerGroup, and there is none")
	wrong(s.Partitions < 0 || s.MaxBatch < 0 || s.FetchBytes < 0 || s.PartitionBytes < 0 ||
		s.CommitEvery < 0 || s.SessionTimeout < 0 || s.RebalanceTimeout < 0, "sizes and times can't be negative")
	return errors.Join(errs...)
}

// Run reads until ctx ends or, with UntilEnd, until the end.
func (s Source) Run(ctx context.Context, in *pipeline.SourceNode) error {
	r := newReader(s.defaulted(), in)
	if err := r.connect(ctx); err != nil {
		return mayPass(err)
	}
	defer r.close()
	return mayPass(r.run(ctx))
}

// mayPass marks errors of brokers that are away, or not what they should be yet.
func mayPass(err error) error {
	if err == nil || pipeline.IsRestart(err) || !passes(err) && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return pipeline.Transient(err)
}

func (s Source) defaulted() Source {
	orElse(&s.MaxBatch, 4096)
	orElse(&s.FetchBytes, 4<<20)
	orElse(&s.CommitEvery, time.Second)
	orElse(&s.SessionTimeout, 45*time.Second)
	orElse(&s.RebalanceTimeout, time.Minute)
	orElse(&s.growth, 30*time.Second)
	return s
}

func orElse[T comparable](v *T, or T) {
	var zero T
	if *v == zero {
		*v = or
	}
}
