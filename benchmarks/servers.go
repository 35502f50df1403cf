package main

import (
	"context"

	"github.com/tandemdata/tandem/internal/servers"
)

// aKafka is the address of the Kafka that was given, or of one that is started
// at the first call and stopped at the end.
func (s *suite) aKafka(ctx context.Context) (string, error) {
	return s.server(ctx, "Kafka", &s.kafka, servers.OpenKafka)
}

func (s *suite) aCassandra(ctx context.Context) (string, error) {
	return s.server(ctx, "Cassandra", &s.cassandra, servers.OpenCassandra)
}

func (s *suite) server(ctx context.Context, name string, addr *string, open func(context.Context) (*servers.Own, error)) (string, error) {
	if *addr != "" {
		return *addr, nil
	}
	s.progress("starting a %s", name)
	started, err := open(ctx)
	if err != nil {
		return "", err
	}
	s.stops = append(s.stops, started.Close)
	*addr = started.Addr()
	return *addr, nil
}
