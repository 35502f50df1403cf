package main

import (
	"crypto/sha256"
	"crypto/sha512"
	"fmt"

	"github.com/IBM/sarama"
	"github.com/ThreeDotsLabs/watermill"
	wmkafka "github.com/ThreeDotsLabs/watermill-kafka/v3/pkg/kafka"
	"github.com/xdg-go/scram"

	"github.com/tandemdata/tandem/examples/flags"
	"github.com/tandemdata/tandem/pipeline"
)

// rejectTo has dead letters leave through watermill-kafka's publisher.
func (o *options) rejectTo(g *pipeline.Graph) (release func(), err error) {
	if o.deadLetters == "" || o.brokers == "" {
		return func() {}, nil
	}
	secure, err := o.kafkaSecurity.Load()
	if err != nil {
		return nil, err
	}
	p, err := wmkafka.NewPublisher(wmkafka.PublisherConfig{
		Brokers: flags.List(o.brokers), Marshaler: wmkafka.DefaultMarshaler{}, OverwriteSaramaConfig: saramaConfig(secure),
	}, watermill.NopLogger{})
	if err != nil {
		return nil, fmt.Errorf("dead letters to %s: %w", o.brokers, err)
	}
	g.DeadLetters(p, o.deadLetters)
	return func() { _ = p.Close() }, nil
}

// saramaConfig has every replica acknowledge a dead letter: its record counts
// as read from then on.
func saramaConfig(s flags.Secured) *sarama.Config {
	c := wmkafka.DefaultSaramaSyncPublisherConfig()
	c.Version = sarama.V2_8_0_0
	c.Producer.RequiredAcks = sarama.WaitForAll
	if s.TLS != nil {
		c.Net.TLS.Enable, c.Net.TLS.Config = true, s.TLS
	}
	if s.SASL != nil {
		c.Net.SASL.Enable, c.Net.SASL.User, c.Net.SASL.Password = true, s.SASL.User, s.SASL.Password
		c.Net.SASL.Mechanism = sarama.SASLMechanism(s.SASL.Mechanism)
		c.Net.SASL.SCRAMClientGeneratorFunc = func() sarama.SCRAMClient { return &scramClient{mechanism: s.SASL.Mechanism} }
	}
	return c
}

// scramClient is the handshake that sarama leaves to others.
type scramClient struct {
	mechanism string
	*scram.ClientConversation
}

func (c *scramClient) Begin(user, password, authzID string) error {
	hash := scram.HashGeneratorFcn(sha512.New)
	if c.mechanism == "SCRAM-SHA-256" {
		hash = sha256.New
	}
	client, err := hash.NewClient(user, password, authzID)
	if err != nil {
		return err
	}
	c.ClientConversation = client.NewConversation()
	return nil
}
