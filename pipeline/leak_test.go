package pipeline_test

import (
	"testing"

	"go.uber.org/goleak"
)

// A goroutine ends where it was started: none is left when all tests are over.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
