package lanes_test

import (
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/tests"

	"github.com/tandemdata/tandem/pipeline/internal/lanes"
)

// Watermill's own suite. It publishes thousands of messages before it
// subscribes, so the queue must hold that many.
func TestPubSub(t *testing.T) {
	tests.TestPubSub(t, tests.Features{
		ExactlyOnceDelivery:   true,
		GuaranteedOrder:       true,
		RequireSingleInstance: true,
		ContextPreserved:      true,
	}, newPubSub, nil)
}

func newPubSub(*testing.T) (message.Publisher, message.Subscriber) {
	p := lanes.New(lanes.Config{Depth: 20_000, Backoff: func(int) time.Duration { return time.Millisecond }})
	return p, p
}
