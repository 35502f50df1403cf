package pipeline_test

import (
	"testing"

	"go.uber.org/goleak"
)

const watermillPackage = "github.com/ThreeDotsLabs/watermill/message"

// No goroutine is left after the tests, but for two of Watermill's own that nobody
// can end: its deduplicator's, and that of a router of which a decorator failed,
// which waits for handlers that never ran.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction(watermillPackage+"/router/middleware.(*mapExpiringKeyRepository).cleanOutLoop"),
		goleak.IgnoreAnyFunction(watermillPackage+".(*Router).watchAllHandlersStopped.func1"))
}
