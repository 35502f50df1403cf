package pipelinetest

import (
	"fmt"
	"strings"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// most is how many breaches are described; the others are counted.
const most = 10

// BrokenError says which promises were broken.
type BrokenError struct {
	Breaches []string // the first ten: where, what, and both values
	Found    int      // all of them
}

// Error lists the breaches.
func (e *BrokenError) Error() string {
	out := fmt.Sprintf("promises broken: %d\n\t%s", e.Found, strings.Join(e.Breaches, "\n\t"))
	if n := e.Found - len(e.Breaches); n > 0 {
		out += fmt.Sprintf("\n\t… and %d more", n)
	}
	return out
}

func (e *BrokenError) add(format string, args ...any) {
	e.Found++
	if len(e.Breaches) < most {
		e.Breaches = append(e.Breaches, fmt.Sprintf(format, args...))
	}
}

// err is nil where nothing was broken.
func (e *BrokenError) err() error {
	if e.Found == 0 {
		return nil
	}
	return e
}

func describePlace(p feature.TopicPartition, offset int64) string {
	return fmt.Sprintf("%s/%d@%d of epoch %d", p.Topic, p.Partition, offset, p.Epoch)
}
