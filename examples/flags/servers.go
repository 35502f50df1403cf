package flags

import (
	"crypto/tls"
	"flag"

	"github.com/tandemdata/tandem/sinks/cassandra"
	"github.com/tandemdata/tandem/sources/kafka"
)

// Kafka is who one is to Kafka.
type Kafka struct {
	TLS
	user, mechanism, passwordFile string
}

// Declare adds the flags to a set.
func (s *Kafka) Declare(fs *flag.FlagSet) {
	s.TLS.Declare(fs, "kafka", "Kafka")
	fs.StringVar(&s.user, "kafka-user", "", "SASL user (default: none)")
	fs.StringVar(&s.mechanism, "kafka-sasl", "SCRAM-SHA-512", "SASL mechanism: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512")
	fs.StringVar(&s.passwordFile, "kafka-password-file", "", "file of the SASL password (default: $KAFKA_PASSWORD)")
}

// Secured is what a client of Kafka is given.
type Secured struct {
	TLS  *tls.Config
	SASL *kafka.SASL
}

// Load reads the files.
func (s *Kafka) Load() (Secured, error) {
	c, err := s.TLS.Load()
	if err != nil || s.user == "" {
		return Secured{TLS: c}, err
	}
	password, err := Secret(s.passwordFile, "KAFKA_PASSWORD")
	return Secured{c, &kafka.SASL{User: s.user, Password: password, Mechanism: s.mechanism}}, err
}

// Cassandra is who one is to Cassandra, and how it is talked to.
type Cassandra struct {
	TLS
	user, passwordFile, dataCenter, consistency string
}

// Declare adds the flags to a set.
func (s *Cassandra) Declare(fs *flag.FlagSet) {
	s.TLS.Declare(fs, "cassandra", "Cassandra")
	fs.StringVar(&s.user, "cassandra-user", "", "Cassandra's user (default: none)")
	fs.StringVar(&s.passwordFile, "cassandra-password-file", "", "file of its password (default: $CASSANDRA_PASSWORD)")
	fs.StringVar(&s.dataCenter, "cassandra-dc", "", "the data centre to talk to (default: all nodes alike)")
	fs.StringVar(&s.consistency, "cassandra-consistency", "LOCAL_QUORUM", "how many replicas must have a write")
}

// Apply reads the files and sets up a sink.
func (s *Cassandra) Apply(to *cassandra.Sink) error {
	c, err := s.TLS.Load()
	if err != nil {
		return err
	}
	to.TLS, to.Username, to.DataCenter, to.Consistency = c, s.user, s.dataCenter, s.consistency
	if s.user == "" {
		return nil
	}
	password, err := Secret(s.passwordFile, "CASSANDRA_PASSWORD")
	to.Password = cassandra.Secret(password)
	return err
}
