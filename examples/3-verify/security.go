package main

import (
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/tandemdata/tandem/sinks/cassandra"
	"github.com/tandemdata/tandem/sources/kafka"
)

// transport is how a connection is encrypted.
type transport struct {
	on            bool
	ca, cert, key string
}

func (t *transport) declare(fs *flag.FlagSet, prefix, what string) {
	fs.BoolVar(&t.on, prefix+"-tls", false, "encrypt connections to "+what)
	fs.StringVar(&t.ca, prefix+"-ca", "", "file of the authorities that sign "+what+"'s certificates (default: the system's)")
	fs.StringVar(&t.cert, prefix+"-cert", "", "file of this client's certificate for "+what)
	fs.StringVar(&t.key, prefix+"-cert-key", "", "file of that certificate's private key")
}

// load gives nil where encryption is off.
func (t *transport) load() (*tls.Config, error) {
	if !t.on && t.ca == "" && t.cert == "" {
		return nil, nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if t.ca != "" {
		pem, err := os.ReadFile(t.ca)
		if err != nil {
			return nil, err
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s: no certificate in it", t.ca)
		}
	}
	if t.cert != "" {
		pair, err := tls.LoadX509KeyPair(t.cert, t.key)
		if err != nil {
			return nil, err
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// secret is a password, from a file or from the environment: never from the
// command line, which others can read.
func secret(file, variable string) (string, error) {
	if file == "" {
		return os.Getenv(variable), nil
	}
	b, err := os.ReadFile(file)
	return strings.TrimRight(string(b), "\r\n"), err
}

type kafkaSecurity struct {
	transport
	user, mechanism, passwordFile string
}

func (s *kafkaSecurity) declare(fs *flag.FlagSet) {
	s.transport.declare(fs, "kafka", "Kafka")
	fs.StringVar(&s.user, "kafka-user", "", "SASL user (default: none)")
	fs.StringVar(&s.mechanism, "kafka-sasl", "SCRAM-SHA-512", "SASL mechanism: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512")
	fs.StringVar(&s.passwordFile, "kafka-password-file", "", "file of the SASL password (default: $KAFKA_PASSWORD)")
}

// secured is what Kafka's client is given.
type secured struct {
	tls  *tls.Config
	sasl *kafka.SASL
}

func (s *kafkaSecurity) load() (secured, error) {
	c, err := s.transport.load()
	if err != nil || s.user == "" {
		return secured{tls: c}, err
	}
	password, err := secret(s.passwordFile, "KAFKA_PASSWORD")
	return secured{c, &kafka.SASL{User: s.user, Password: password, Mechanism: s.mechanism}}, err
}

type cassandraSecurity struct {
	transport
	user, passwordFile, dataCenter, consistency string
}

func (s *cassandraSecurity) declare(fs *flag.FlagSet) {
	s.transport.declare(fs, "cassandra", "Cassandra")
	fs.StringVar(&s.user, "cassandra-user", "", "Cassandra's user (default: none)")
	fs.StringVar(&s.passwordFile, "cassandra-password-file", "", "file of its password (default: $CASSANDRA_PASSWORD)")
	fs.StringVar(&s.dataCenter, "cassandra-dc", "", "the data centre to talk to (default: all nodes alike)")
	fs.StringVar(&s.consistency, "cassandra-consistency", "LOCAL_QUORUM", "how many replicas must have a write")
}

func (s *cassandraSecurity) apply(to *cassandra.Sink) error {
	c, err := s.transport.load()
	if err != nil {
		return err
	}
	to.TLS, to.Username, to.DataCenter, to.Consistency = c, s.user, s.dataCenter, s.consistency
	if s.user == "" {
		return nil
	}
	password, err := secret(s.passwordFile, "CASSANDRA_PASSWORD")
	to.Password = cassandra.Secret(password)
	return err
}
