package main

import (
	"context"
	"fmt"

	"github.com/tandemdata/tandem/internal/servers"
)

// aKafka is the address of the Kafka that was given, or of one that is started
// at the first call and stopped at the end.
func (s *suite) aKafka(ctx context.Context) (string, error) {
	return s.server(ctx, "Kafka", &s.kafka, servers.RunKafka)
}

func (s *suite) aCassandra(ctx context.Context) (string, error) {
	return s.server(ctx, "Cassandra", &s.cassandra, servers.RunCassandra)
}

func (s *suite) server(ctx context.Context, name string, addr *string, run func(context.Context) (string, func(), error)) (string, error) {
	if *addr != "" {
		return *addr, nil
	}
	s.progress("starting a %s", name)
	started, stop, err := run(ctx)
	if err != nil {
		return "", fmt.Errorf("start a %s: %w", name, err)
	}
	s.stops = append(s.stops, stop)
	*addr = started
	return started, nil
}
