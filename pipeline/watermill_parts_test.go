package pipeline_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// once is a stage that fails once, and one that panics once.
func once(how func() error) stage {
	var failed atomic.Bool
	return func(_ context.Context, _ *pipeline.Node, rows *feature.Rows, emit func(*feature.Rows)) error {
		if rows.Span().From > 0 && !failed.Swap(true) {
			if err := how(); err != nil {
				return err
			}
		}
		emit(rows)
		return nil
	}
}

var errOnce = errors.New("once")

func passes() error { return nil }

func fails() error { return errOnce }

func failsAndMayPass() error { return pipeline.Transient(errOnce) }

// Watermill's own parts, each as its users have it. The table is the one in the
// README; what Check refuses is in TestMiddlewareThatCannotWorkIsNamedByCheck.
func TestWatermillsOwnPartsWork(t *testing.T) {
	for name, c := range map[string]struct {
		stage func() error
		use   message.HandlerMiddleware
	}{
		"Retry":          {fails, middleware.Retry{MaxRetries: 3, InitialInterval: time.Millisecond}.Middleware},
		"Recoverer":      {passes, middleware.Recoverer},
		"Timeout":        {passes, middleware.Timeout(time.Minute)},
		"Throttle":       {passes, middleware.NewThrottle(1000, time.Second).Middleware},
		"CorrelationID":  {passes, middleware.CorrelationID},
		"IgnoreErrors":   {passes, middleware.NewIgnoreErrors([]error{errors.New("another")}).Middleware},
		"DelayOnError":   {failsAndMayPass, (&middleware.DelayOnError{InitialInterval: time.Millisecond, Multiplier: 2}).Middleware},
		"RandomFail":     {passes, middleware.RandomFail(0)},
		"CircuitBreaker": {failsAndMayPass, middleware.NewCircuitBreaker(gobreakerSettings()).Middleware},
	} {
		t.Run(name, func(t *testing.T) {
			st := newStores()
			g := wire(&script{Partitions: sample(2, 30), Chunk: 3}, st, once(c.stage))
			g.Use(c.use)
			if err := run(t, g); err != nil {
				t.Fatal(err)
			}
			mustBalance(t, g, 60)
		})
	}
}
