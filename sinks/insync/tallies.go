package insync

import (
	"cmp"
	"slices"
	"sync"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// tallies is the verdict while several goroutines work on it.
type tallies struct {
	mu sync.Mutex
	Verdict
}

func (t *tallies) add(v *Verdict) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.Keys += v.Keys
	t.OfflineOnly += v.OfflineOnly
	t.OnlineOnly += v.OnlineOnly
	t.Deleted += v.Deleted
	for k, n := range v.Count {
		t.Count[k] += n
	}
}

// count takes a key that is no fault.
func (v *Verdict) count(k Kind, offline, online *entry) {
	v.Count[k]++
	switch {
	case k != Equal:
	case offline == nil && online == nil:
		v.OfflineOnly++
	case online != nil && online.only && (offline == nil || offline.version != online.version):
		v.OnlineOnly++
	case offline != nil && offline.version.Delete:
		v.Deleted++
	}
}

// mostFaults are described in a verdict; the others are counted.
const mostFaults = 100

// fault takes a key that is one.
func (t *tallies) fault(v *Verify, k Kind, key []byte, offline, online *entry) error {
	values, err := keyOf(key)
	if err != nil {
		return err
	}
	d := Difference{Kind: k, Key: values, Online: versionOf(online), Offline: versionOf(offline)}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.Count[k]++
	if len(t.Faults) < mostFaults {
		at, _ := slices.BinarySearchFunc(t.Faults, k, func(d Difference, k Kind) int { return cmp.Compare(d.Kind, k+1) })
		t.Faults = slices.Insert(t.Faults, at, d)
	}
	if v.Found != nil {
		return v.Found(d)
	}
	return nil
}

func versionOf(e *entry) *feature.Version {
	if e == nil {
		return nil
	}
	v := e.version
	return &v
}
