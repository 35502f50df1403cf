package insync_test

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/apache/iceberg-go"
	pq "github.com/parquet-go/parquet-go"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/insync"
)

// Random mutations of either store are what a verification reports, each by its name,
// and nothing else.
func TestMutationsOfTheOnlineStoreAreFoundAndNamed(t *testing.T) {
	did := map[string]int{}
	eachWorld(t, func(w *world) {
		h := w.history()
		want := map[string]insync.Kind{}
		ids := slices.Sorted(maps.Keys(h))
		w.rand.Shuffle(len(ids), func(i, k int) { ids[i], ids[k] = ids[k], ids[i] })
		for _, id := range ids[:10] {
			w.byHand(h, id, onlineByHand, did, want)
		}
		w.strangers(h, want)
		w.wantFaults(want)
	})
	for _, m := range onlineByHand {
		if did[m.name] == 0 && os.Getenv("TANDEM_SEED") == "" {
			t.Errorf("it never happened: %s", m.name)
		}
	}
}

// byHand changes a key by the first of a list that can, of those that did least before.
func (w *world) byHand(h history, id string, list []byHand, did map[string]int, want map[string]insync.Kind) {
	rarest := slices.Clone(list)
	slices.SortFunc(rarest, func(a, b byHand) int { return cmp.Compare(did[a.name], did[b.name]) })
	for _, m := range rarest {
		if m.do(w, h, id) {
			want[id] = m.kind
			did[m.name]++
			return
		}
	}
}

// strangers puts two rows online that nobody sent: one from the place of another row,
// and one from a place that the offline table has nothing of.
func (w *world) strangers(h history, want map[string]insync.Kind) {
	for id := range h {
		row := h.newest(id)
		row.Values = []any{"stranger", row.Values[1], int64(1)}
		row.Version.Delete = false
		w.put(row)
		want["stranger"] = insync.Extra
		break
	}
	taken := map[int64]bool{}
	for _, rows := range h {
		for _, row := range rows {
			if row.Version.Partition == 0 {
				taken[row.Version.Offset] = true
			}
		}
	}
	_, end := w.log.Bounds(0)
	for offset := range end {
		if !taken[offset] {
			w.put(feature.Stored{Values: []any{"lost", int64(1), int64(1)}, Version: feature.Version{Offset: offset}})
			want["lost"] = insync.MissingOffline
			return
		}
	}
}

func TestMutationsOfTheOfflineTableAreFoundAndNamed(t *testing.T) {
	eachWorld(t, func(w *world) {
		if _, err := w.offline.Compact(w.Context(), w.schema); err != nil {
			w.Fatal(err)
		}
		want := map[string]insync.Kind{}
		h := w.history()
		w.onLake(func(l lake) {
			files, _ := l.files()
			l.replace(files[:1], []iceberg.DataFile{l.rewritten(files[0], func(rows []pq.Row, at map[string]int) []pq.Row {
				return w.spoil(h, rows, at, want)
			})})
		})
		w.wantFaults(want)
	})
}

// spoil drops or changes the newest rows of some keys.
func (w *world) spoil(h history, rows []pq.Row, at map[string]int, want map[string]insync.Kind) []pq.Row {
	var out []pq.Row
	drop := map[string]bool{}
	for _, id := range slices.Sorted(maps.Keys(h)) {
		switch w.rand.IntN(8) {
		case 0:
			drop[id], want[id] = true, insync.MissingOffline
		case 1:
			if !h.newest(id).Version.Delete {
				want[id] = insync.Differs
			}
		}
	}
	met := map[string]bool{}
	defer func() {
		maps.DeleteFunc(want, func(id string, _ insync.Kind) bool { return !met[id] })
	}()
	for _, row := range rows {
		id, newest := row[at["id"]].String(), false
		is := func(r feature.Stored) bool {
			return r.Version.Offset == row[at["tandem_offset"]].Int64() && r.Version.Partition == row[at["tandem_partition"]].Int32()
		}
		if !slices.ContainsFunc(h[id], is) {
			continue // it was deleted before
		}
		newest = is(h.newest(id))
		met[id] = met[id] || newest
		switch kind, ok := want[id]; {
		case !ok || !newest:
		case kind == insync.MissingOffline:
			continue
		default:
			c := at["amount"]
			row[c] = pq.ValueOf(int64(5000)).Level(0, 1, c)
		}
		out = append(out, row)
	}
	return out
}

func TestACommitThatWasLostIsFound(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.send(100)
		w.run()
		before := w.history()
		w.onLake(func(l lake) {
			files, _ := l.files()
			l.replace(files[len(files)-1:], nil)
		})
		after, want := w.history(), map[string]insync.Kind{}
		for id := range before {
			if len(after[id]) == 0 || after.newest(id).Version != before.newest(id).Version {
				want[id] = insync.MissingOffline
			}
		}
		if len(want) == 0 {
			w.Log("the file that was lost had no key's newest row")
		}
		w.wantFaults(want)
	})
}

func TestACommitThatIsThereTwiceIsFound(t *testing.T) {
	eachWorld(t, func(w *world) {
		want := map[string]insync.Kind{}
		w.onLake(func(l lake) {
			files, _ := l.files()
			l.replace(nil, []iceberg.DataFile{l.rewritten(files[0], func(rows []pq.Row, at map[string]int) []pq.Row {
				for _, row := range rows {
					want[row[at["id"]].String()] = insync.Twice
				}
				if len(rows) > 1 {
					w.Log(len(rows), "rows are there twice")
				}
				return rows
			})})
		})
		w.wantFaults(want)
	})
}

func TestAnOnlineStoreRestoredFromYesterdayIsFound(t *testing.T) {
	eachWorld(t, func(w *world) {
		yesterday, had := w.backup(), w.history()
		w.send(150)
		w.run()
		w.restore(yesterday)
		now, want := w.history(), map[string]insync.Kind{}
		for id := range now {
			is := now.newest(id).Version
			was := feature.Version{Delete: true}
			if len(had[id]) > 0 {
				was = had.newest(id).Version
			}
			switch {
			case was == is || was.Delete && is.Delete:
			case is.Delete:
				want[id] = insync.Undead
			case was.Delete:
				want[id] = insync.MissingOnline
			default:
				want[id] = insync.StaleOnline
			}
		}
		w.wantFaults(want)
	})
}

// A page that rotted is an error that names the file, or rows that differ: never a table in order.
func TestAFlippedPageIsFound(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.onLake(func(l lake) {
			files, _ := l.files()
			path := strings.TrimPrefix(files[0].FilePath(), "file://")
			b, err := os.ReadFile(path)
			if err != nil {
				w.Fatal(err)
			}
			b[middle(w, b)] ^= 1 << w.rand.IntN(8)
			if err := os.WriteFile(path, b, 0o644); err != nil {
				w.Fatal(err)
			}
		})
		v, err := w.settings().Run(w.Context())
		if err == nil && v.OK() {
			w.Errorf("a byte is flipped, and: %v", v)
		}
	})
}

// middle is a byte of the values of some column.
func middle(w *world, file []byte) int64 {
	f, err := pq.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		w.Fatal(err)
	}
	chunks := f.Metadata().RowGroups[0].Columns
	for {
		m := chunks[w.rand.IntN(len(chunks))].MetaData
		end := m.DataPageOffset + m.TotalCompressedSize
		if m.DictionaryPageOffset != 0 {
			end = m.DictionaryPageOffset + m.TotalCompressedSize
		}
		if size := end - m.DataPageOffset; size > 200 { // much more than the page's header
			return end - 1 - w.rand.Int64N(size/2)
		}
	}
}

// eachWorld runs some worlds of both orders.
func eachWorld(t *testing.T, do func(*world)) {
	t.Helper()
	from := seed(t)
	for i := range uint64(6) {
		if os.Getenv("TANDEM_SEED") != "" && i > 0 {
			break
		}
		t.Run(fmt.Sprintf("seed=%d", from+i), func(t *testing.T) {
			w := newWorld(t, from+i, orders[(from+i)%2], sqliteIn(t))
			w.send(400)
			w.run()
			do(w)
		})
	}
}

// wantFaults verifies, and compares what was found with what was done.
func (w *world) wantFaults(want map[string]insync.Kind) {
	w.Helper()
	got := map[string]insync.Kind{}
	s := w.settings()
	s.Found = func(d insync.Difference) error {
		id := d.Key[0].(string)
		if k, again := got[id]; again && k != insync.Twice {
			w.Errorf("%s is reported as %v and %v", id, k, d.Kind)
		}
		got[id] = d.Kind
		return nil
	}
	v, err := s.Run(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	for id, kind := range want {
		if k, ok := got[id]; !ok || k != kind {
			w.Errorf("%s: want %v, got %v (%v)", id, kind, k, ok)
		}
	}
	for id, kind := range got {
		if _, ok := want[id]; !ok {
			w.Errorf("%s: nothing was done to it, and it is %v", id, kind)
		}
	}
	if (v.Exit() == 1) != (len(want) > 0) {
		w.Errorf("exit %d: %v", v.Exit(), v)
	}
}
