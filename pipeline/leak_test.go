package pipeline_test

import (
	"testing"

	"go.uber.org/goleak"
)

// Watermill's deduplicator cleans up in a goroutine that nobody can end.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/ThreeDotsLabs/watermill/message/router/middleware.(*mapExpiringKeyRepository).cleanOutLoop"))
}
