package pipelinetest_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline/feature"
)

func TestAReaderThatGoesBackIsFound(t *testing.T) {
	for _, b := range []breach{
		{"a key is gone online", func(_ *testing.T, y *story) { y.online.remove(0) }, "online: gone, but there before"},
		{"a row is gone offline", func(_ *testing.T, y *story) { y.offline.remove(0) }, "offline: gone, but there before"},
		{"an older row is offline", func(t *testing.T, y *story) {
			r, winner := y.loser(t)
			rows := slices.Clone(*y.offline)
			rows[winner] = old(rows, winner, r)
			*y.offline = rows
		}, "offline: went back from a row there before"},
		{"an offset is rewound", func(_ *testing.T, y *story) { y.progress.Counted -= 10 }, "went back from offset 300 to 290"},
		{"a sink's offset is rewound", func(_ *testing.T, y *story) {
			y.count(func(s *feature.SinkProgress) { s.Next-- })
		}, "of offline went back from offset 300 to 299"},
		{"an epoch is rewound", func(_ *testing.T, y *story) { y.progress.Epoch-- }, "went back from epoch 0 to -1"},
	} {
		t.Run(b.name, func(t *testing.T) {
			for _, o := range []feature.Order{feature.ByLog, feature.ByEventTime} {
				y := tell(t, rowgen.Timed(o))
				w := y.Watcher()
				if err := w.Look(t.Context()); err != nil {
					t.Fatal(err)
				}
				b.spoil(t, y)
				if err := w.Look(t.Context()); err == nil || !strings.Contains(err.Error(), b.says) {
					t.Errorf("by %v: want %q in: %v", o, b.says, err)
				}
			}
		})
	}
}

func TestHalfACommitIsFound(t *testing.T) {
	y := tell(t, rowgen.Timed(feature.ByLog))
	y.committed, y.progress.Counted = 0, 0
	y.count(func(s *feature.SinkProgress) { *s = feature.SinkProgress{Next: 100} })
	y.progress.Sinks["online"] = feature.SinkProgress{}
	err := y.Watcher().Look(t.Context())
	if err == nil || !strings.Contains(err.Error(), "half a commit: the progress holds rows before 100 only") {
		t.Error(err)
	}
	y = tell(t, rowgen.Timed(feature.ByLog))
	y.online.remove(0)
	err = y.Watcher().Look(t.Context())
	if err == nil || !strings.Contains(err.Error(), "online: gone, but said to be there") {
		t.Error(err)
	}
}

// A store that is on its way is not yet wrong.
func TestRowsThatNobodyPromisedMayBeMissing(t *testing.T) {
	y := tell(t, rowgen.Timed(feature.ByLog))
	*y.online, *y.offline, y.committed = nil, nil, 0
	y.progress = feature.Progress{}
	if err := y.Watcher().Look(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAWatchEndsWithWhatItSaw(t *testing.T) {
	y := tell(t, rowgen.Plain())
	stop := y.Watch(t.Context(), time.Millisecond)
	if looks, err := stop(); looks == 0 || err != nil {
		t.Errorf("after %d looks: %v", looks, err)
	}
	y.online.remove(0)
	stop = y.Watch(t.Context(), time.Millisecond)
	if looks, err := stop(); looks == 0 || err == nil {
		t.Errorf("after %d looks: %v", looks, err)
	}
}
