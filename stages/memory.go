package stages

import (
	"errors"
	"fmt"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/stages/internal/window"
)

const (
	defaultKeys     = 1 << 20
	defaultReadBack = 1 << 14
)

func checkWindow(keys, back int) error {
	var errs []error
	if keys < 0 {
		errs = append(errs, fmt.Errorf("negative MaxKeys: %d", keys))
	}
	if back < -1 {
		errs = append(errs, fmt.Errorf("ReadBack %d: want -1 for none", back))
	}
	return errors.Join(errs...)
}

func readBack(n int) int {
	if n == 0 {
		return defaultReadBack
	}
	return max(n, 0)
}

func windowKeys(n int) int {
	if n == 0 {
		return defaultKeys
	}
	return n
}

// memory is a lane's part of what its node may remember. It is nil where a stage
// is tested by itself.
type memory struct{ budget *window.Budget }

func joinMemory(n *pipeline.Node, keys int) *memory {
	m := &memory{pipeline.Shared(n, func() *window.Budget { return window.NewBudget(windowKeys(keys)) })}
	m.budget.Join()
	return m
}

func (m *memory) fit(w *window.Window) {
	if m != nil {
		m.budget.Fit(w)
	}
}

func (m *memory) leave() {
	if m != nil {
		m.budget.Leave()
	}
}

// The flags of what stages remember of a row.
const (
	deletes  window.Flags = 1 << iota
	atOnline              // it went to the online store
	atOffline
)

// flagsOf is what is remembered of a row that goes to some stores.
func flagsOf(v feature.Version, at window.Flags) window.Flags {
	if v.Delete {
		return at | deletes
	}
	return at
}

// atHand is the version of row i beside what is remembered: that lies in the same
// partition before it, so the offset is left out. To read it here costs a tenth of
// dedup or more, for records lie far apart.
func atHand(rows *feature.Rows, i int) feature.Version {
	return feature.Version{Time: rows.Time(i), Delete: rows.Ops[i] == feature.Delete, Epoch: rows.Epoch, Partition: rows.Partition}
}

// remembered is the version of a row of which only the time and the flags are
// known, beside a row at hand.
func remembered(v feature.Version, time int64, f window.Flags) feature.Version {
	v.Time, v.Delete = time, f&deletes != 0
	v.Offset--
	return v
}

// stores are those that row i goes to, or went to where it is replayed.
func stores(rows *feature.Rows, i int) (at window.Flags) {
	if f := rows.Outcomes[feature.Online][i]; f == feature.Pending || f == feature.Replayed {
		at |= atOnline
	}
	if f := rows.Outcomes[feature.Offline][i]; f == feature.Pending || f == feature.Replayed {
		at |= atOffline
	}
	return at
}
