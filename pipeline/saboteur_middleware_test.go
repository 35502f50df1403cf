package pipeline_test

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/tandemdata/tandem/pipeline"
)

// between is a middleware that behaves until some message of the stage.
func between(how func(m *message.Message, next message.HandlerFunc) ([]*message.Message, error)) func(*scene) {
	return func(s *scene) {
		after, n := int64(s.rng.IntN(4)), new(atomic.Int64)
		s.use = append(s.use, func(next message.HandlerFunc) message.HandlerFunc {
			return func(m *message.Message) ([]*message.Message, error) {
				if message.HandlerNameFromCtx(m.Context()) != "the-stage" || n.Add(1) <= after {
					return next(m)
				}
				return how(m, next)
			}
		})
	}
}

var middlewareSaboteurs = []saboteur{
	{"acknowledges first, as InstantAck does", between(func(m *message.Message, next message.HandlerFunc) ([]*message.Message, error) {
		m.Ack()
		return next(m)
	}), `node "the-stage"`, false},
	{"acknowledges after the work", between(func(m *message.Message, next message.HandlerFunc) ([]*message.Message, error) {
		out, err := next(m)
		m.Ack()
		return out, err
	}), `acknowledged a batch before`, false},
	{"refuses, and says that all is well", between(func(m *message.Message, next message.HandlerFunc) ([]*message.Message, error) {
		m.Nack()
		return next(m)
	}), `acknowledged a batch before`, false},
	{
		"swallows a batch", between(func(*message.Message, message.HandlerFunc) ([]*message.Message, error) { return nil, nil }),
		`node "the-stage": log/`, false,
	},
	{"swallows what comes of a batch", between(func(m *message.Message, next message.HandlerFunc) ([]*message.Message, error) {
		_, err := next(m)
		return nil, err
	}), `in place of`, false},
	{"swallows an error", func(s *scene) {
		between(func(m *message.Message, next message.HandlerFunc) ([]*message.Message, error) {
			out, _ := next(m)
			return out, nil
		})(s)
		s.stage = opensWith{err: errors.New("no")}
	}, `node "the-stage"`, false},
	{"publishes twice", between(func(m *message.Message, next message.HandlerFunc) ([]*message.Message, error) {
		out, err := next(m)
		return append(out, out...), err
	}), `a middleware published 2 messages in place of 1`, false},
	{"publishes a message of its own", between(func(m *message.Message, next message.HandlerFunc) ([]*message.Message, error) {
		out, err := next(m)
		for i := range out {
			out[i] = message.NewMessage("x", nil)
		}
		return out, err
	}), `a middleware replaced a message or its context`, false},
	{"replaces a message's context", between(func(m *message.Message, next message.HandlerFunc) ([]*message.Message, error) {
		m.SetContext(context.Background())
		return next(m)
	}), `a middleware replaced its context`, false},
	{"replaces the message", between(func(_ *message.Message, next message.HandlerFunc) ([]*message.Message, error) {
		return next(message.NewMessage("x", []byte("y")))
	}), `a middleware replaced its context`, false},
	{"handles a message twice", between(func(m *message.Message, next message.HandlerFunc) ([]*message.Message, error) {
		if _, err := next(m); err != nil {
			return nil, err
		}
		return next(m)
	}), ``, false},
	{"goes on beside the message", between(func(m *message.Message, next message.HandlerFunc) ([]*message.Message, error) {
		go func() { _, _ = next(m) }()
		return nil, nil
	}), `node "the-stage"`, false},
	{"panics", between(func(*message.Message, message.HandlerFunc) ([]*message.Message, error) { panic("no meter") }), `node "the-stage": log/`, false},
	{"fails after the work", between(func(m *message.Message, next message.HandlerFunc) ([]*message.Message, error) {
		if _, err := next(m); err != nil {
			return nil, err
		}
		return nil, errors.New("the meter is full")
	}), `node "the-stage": log/`, false},
	{"fails after the work, and may pass", func(s *scene) {
		failed := new(atomic.Int64)
		between(func(m *message.Message, next message.HandlerFunc) ([]*message.Message, error) {
			out, err := next(m)
			if err == nil && failed.Add(1)%2 == 1 {
				return nil, pipeline.Transient(errors.New("the meter is away"))
			}
			return out, err
		})(s)
	}, ``, false},
}

// publishing is a publisher of dead letters made of a function.
type publishing func(topic string, list ...*message.Message) error

func (p publishing) Publish(topic string, list ...*message.Message) error { return p(topic, list...) }

func (publishing) Close() error { return nil }

// rejecting puts a record that can't be a row into the log, and a publisher of
// dead letters into the graph.
func rejecting(p publishing) func(*scene) {
	return func(s *scene) {
		at := s.rng.IntN(len(s.log[0]))
		s.log[0][at] = "what is this"
		s.rejects = p
	}
}

var publisherSaboteurs = []saboteur{
	{"panics", rejecting(func(string, ...*message.Message) error { panic("closed") }), `node "the-decoder": log/0@`, false},
	{"is nil", rejecting(nil), `DeadLetters: the publisher is nil`, false},
}
