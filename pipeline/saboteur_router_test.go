package pipeline_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"

	"github.com/tandemdata/tandem/pipeline"
)

// configures gives the scene's router to a person.
func configures(f func(*message.Router) error) func(*scene) {
	return func(s *scene) { s.router = f }
}

// decoratedPublisher publishes as a function has it.
type decoratedPublisher struct {
	message.Publisher
	publish func(next message.Publisher, topic string, list []*message.Message) error
}

func (d decoratedPublisher) Publish(topic string, list ...*message.Message) error {
	return d.publish(d.Publisher, topic, list)
}

// publishes decorates every node's publisher; it behaves until some message.
func publishes(how func(next message.Publisher, topic string, list []*message.Message) error) func(*scene) {
	return func(s *scene) {
		after, n := int64(s.rng.IntN(9)), new(atomic.Int64)
		s.router = func(r *message.Router) error {
			r.AddPublisherDecorators(func(next message.Publisher) (message.Publisher, error) {
				return decoratedPublisher{next, func(next message.Publisher, topic string, list []*message.Message) error {
					if n.Add(1) <= after {
						return next.Publish(topic, list...)
					}
					return how(next, topic, list)
				}}, nil
			})
			return nil
		}
	}
}

// decoratedSubscriber delivers what a function lets through.
type decoratedSubscriber struct {
	message.Subscriber
	deliver func(*message.Message) *message.Message
}

func (d decoratedSubscriber) Subscribe(ctx context.Context, topic string) (<-chan *message.Message, error) {
	in, err := d.Subscriber.Subscribe(ctx, topic)
	out := make(chan *message.Message)
	go func() {
		defer close(out)
		for m := range in {
			if m = d.deliver(m); m != nil {
				out <- m
			}
		}
	}()
	return out, err
}

func delivers(how func(*message.Message) *message.Message) func(*scene) {
	return func(s *scene) {
		after, n := int64(s.rng.IntN(9)), new(atomic.Int64)
		s.router = func(r *message.Router) error {
			r.AddSubscriberDecorators(func(next message.Subscriber) (message.Subscriber, error) {
				return decoratedSubscriber{next, func(m *message.Message) *message.Message {
					if n.Add(1) <= after {
						return m
					}
					return how(m)
				}}, nil
			})
			return nil
		}
	}
}

var routerSaboteurs = []saboteur{
	{"fails", configures(func(*message.Router) error { return errors.New("no meter") }), `configure the router: no meter`, false},
	{"panics", configures(func(*message.Router) error { panic("no meter") }), `configure the router: panic: no meter`, false},
	{"has a plugin that fails", configures(func(r *message.Router) error {
		r.AddPlugin(func(*message.Router) error { return errors.New("no meter") })
		return nil
	}), `start the router: cannot initialize plugin`, false},
	{"has a plugin that panics", configures(func(r *message.Router) error {
		r.AddPlugin(func(*message.Router) error { panic("no meter") })
		return nil
	}), `start the router: panic: no meter`, false},
	{"has a plugin that closes the router, as SignalsHandler does", func(s *scene) {
		s.source = &script{Partitions: s.log, Follow: true}
		s.router = func(r *message.Router) error {
			r.AddPlugin(func(r *message.Router) error {
				go func() {
					<-r.Running()
					_ = r.Close()
				}()
				return nil
			})
			return nil
		}
	}, `the router was closed from outside`, false},
	{"has a decorator that fails", configures(func(r *message.Router) error {
		r.AddPublisherDecorators(func(message.Publisher) (message.Publisher, error) { return nil, errors.New("no meter") })
		return nil
	}), `start the router: could not decorate publisher`, false},
	{"publishes nothing", publishes(func(message.Publisher, string, []*message.Message) error { return nil }), `acknowledged a batch before`, false},
	{"publishes later", publishes(func(next message.Publisher, topic string, list []*message.Message) error {
		time.AfterFunc(time.Millisecond, func() { _ = next.Publish(topic, list...) })
		return nil
	}), `acknowledged a batch before`, false},
	{"drops what looks like a duplicate, as Deduplicator's decorator does", configures(func(r *message.Router) error {
		r.AddPublisherDecorators((&middleware.Deduplicator{}).PublisherDecorator())
		return nil
	}), `acknowledged a batch before`, false},
	{"publishes another message", publishes(func(next message.Publisher, topic string, _ []*message.Message) error {
		return next.Publish(topic, message.NewMessage(watermill.NewUUID(), []byte("sealed")))
	}), `a decorator published another message`, false},
	{"publishes to another topic", publishes(func(next message.Publisher, topic string, list []*message.Message) error {
		return next.Publish("eu."+topic, list...)
	}), `to another topic ("eu.`, false},
	{"publishes backwards", func(s *scene) {
		s.stage = holding(func(_ *pipeline.Node, why pipeline.FlushReason) bool { return why == pipeline.FlushEnd }) // and so several at once
		publishes(func(next message.Publisher, topic string, list []*message.Message) error {
			slices.Reverse(list)
			return next.Publish(topic, list...)
		})(s)
	}, `node "the-stage": log/`, false},
	{"publishes twice", publishes(func(next message.Publisher, topic string, list []*message.Message) error {
		return errors.Join(next.Publish(topic, list...), next.Publish(topic, list...))
	}), ``, false},
	{"publishes, and fails now and then", func(s *scene) {
		failed := new(atomic.Int64)
		publishes(func(next message.Publisher, topic string, list []*message.Message) error {
			if err := next.Publish(topic, list...); err != nil || failed.Add(1)%8 != 0 {
				return err
			}
			return errors.New("the meter is away")
		})(s)
	}, ``, false},
	{"acknowledges and delivers nothing", delivers(func(m *message.Message) *message.Message {
		m.Ack()
		return nil
	}), `acknowledged a batch before`, false},
	{"refuses now and then", func(s *scene) {
		refused := new(atomic.Int64)
		delivers(func(m *message.Message) *message.Message {
			if refused.Add(1)%8 != 0 {
				return m
			}
			m.Nack()
			return nil
		})(s)
	}, ``, false},
	{"delivers another message", delivers(func(m *message.Message) *message.Message {
		other := message.NewMessage(m.UUID, m.Payload)
		go func() {
			select {
			case <-other.Acked():
				m.Ack()
			case <-other.Nacked():
				m.Nack()
			}
		}()
		return other
	}), `a middleware replaced its context`, false},
}
