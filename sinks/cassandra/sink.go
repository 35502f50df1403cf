// Package cassandra is the online terminal: it keeps the newest row of each key in a Cassandra table, one partition a
// key, without ever reading before it writes.
//
// Which of two rows is the newer is left to Cassandra's own merge of write timestamps, so rows may arrive in any order,
// from several writers, and again.
//
//	order.go    the group's order as timestamps, and as the bytes that resolve equal ones
//	life.go     how long rows live, and why a correction never expires first
//	table.go    the CQL; types.go, its types
//	prepare.go  the table is made, or grows; shape.go, what is there; fit.go, against what should be
//	writer.go   Write: collapse.go leaves one row of a key, request.go encodes it, send.go has it in flight
//	grow.go     columns that appear while it is written
//	scan.go     reading back
package cassandra

import (
	"context"
	"crypto/tls"
	"time"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// Sink writes feature rows to the table <keyspace>.<group>_<version>. Its zero fields take their defaults.
type Sink struct {
	Hosts    []string // required: contact points, each host or host:port (default port 9042)
	Keyspace string   // required

	// Create makes the keyspace and the table where they are missing. Without it a missing one is an error.
	Create bool

	// Replication is that of a keyspace made by Create. Default: SimpleStrategy with a replication_factor of 1, which
	// is for trying things out.
	Replication map[string]string

	Layout     Layout // default Auto: Packed by event time, Plain by log
	AcceptTies bool   // allows Plain by event time: rows of one key and time may then merge column by column

	DataCenter   string      // only its nodes are asked first; default: all nodes alike
	Username     string      // default: no authentication
	Password     Secret      // of Username
	PasswordFile string      // in place of Password: a file that holds it; a newline at its end doesn't count
	TLS          *tls.Config // default: no TLS. Certificates are verified unless the config says otherwise

	Consistency    string        // default "LOCAL_QUORUM"
	Timeout        time.Duration // of one request; default 10s. A change of the schema gets 30s at least
	ConnectTimeout time.Duration // of one connection; default 5s

	InFlight   int // most requests at a time, of all lanes together; default 256
	BatchRows  int // most rows of one request; default 10, more than which Cassandra warns of
	BatchBytes int // most bytes of one request; default 5120, more than which Cassandra warns of; it refuses 50 KiB
}

var _ pipeline.Sink = (*Sink)(nil)

// Store says that it is the online store.
func (s *Sink) Store() feature.Store { return feature.Online }

// Open connects, makes the table where Create is set, refuses one of another shape, and connects for the writes.
func (s *Sink) Open(ctx context.Context, n *pipeline.SinkNode) (pipeline.Writer, error) {
	if err := s.Check(n.Schema); err != nil {
		return nil, err
	}
	t := newTable(s.Keyspace, s.layout(n.Schema), n.Schema)
	t, err := s.prepare(ctx, t, n.Logger)
	if err != nil {
		return nil, err
	}
	c, err := s.connect(n.Logger)
	if err != nil {
		return nil, err
	}
	if err := c.learnRouting(ctx, t); err != nil {
		c.Close()
		return nil, err
	}
	return newWriter(s, n, t, c), nil
}

func (s *Sink) layout(schema *feature.Schema) Layout {
	switch {
	case s.Layout != Auto:
		return s.Layout
	case schema.Group.Order == feature.ByEventTime:
		return Packed
	}
	return Plain
}

func orElse[T int | string | time.Duration](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}
