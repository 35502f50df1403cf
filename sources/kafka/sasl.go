package kafka

import (
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// SASL is who this process is to the brokers.
type SASL struct {
	User, Password string
	Mechanism      string // PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512; default SCRAM-SHA-512
}

func (s *SASL) check() error {
	if s == nil {
		return nil
	}
	if s.User == "" {
		return errors.New("SASL: User is empty")
	}
	_, err := s.mechanism()
	return err
}

func (s *SASL) mechanism() (sasl.Mechanism, error) {
	switch s.Mechanism {
	case "PLAIN":
		return plain.Auth{User: s.User, Pass: s.Password}.AsMechanism(), nil
	case "SCRAM-SHA-256":
		return scram.Auth{User: s.User, Pass: s.Password}.AsSha256Mechanism(), nil
	case "", "SCRAM-SHA-512":
		return scram.Auth{User: s.User, Pass: s.Password}.AsSha512Mechanism(), nil
	}
	return nil, fmt.Errorf("SASL: no mechanism %q: PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512 are there", s.Mechanism)
}
