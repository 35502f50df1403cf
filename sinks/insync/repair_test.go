package insync_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/insync"
)

// hurt does all that a person can do to the online store, each to some keys.
func (w *world) hurt(n int) (want map[string]insync.Kind) {
	h, did := w.history(), map[string]int{}
	want = map[string]insync.Kind{}
	for _, id := range slices.Sorted(maps.Keys(h))[:n] {
		w.byHand(h, id, onlineByHand, did, want)
	}
	w.strangers(h, want)
	delete(want, "lost")
	w.exec("DELETE FROM rows_1_rows WHERE id = 'lost'")
	return want
}

func (w *world) repair(apply bool) (insync.Repaired, []map[string]any) {
	w.Helper()
	var audit bytes.Buffer
	done, err := insync.Repair{Verify: w.settings(), Apply: apply, Audit: &audit}.Run(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	var lines []map[string]any
	for line := range bytes.Lines(audit.Bytes()) {
		var l map[string]any
		if err := json.Unmarshal(line, &l); err != nil {
			w.Fatal(err)
		}
		lines = append(lines, l)
	}
	return done, lines
}

func TestWhatWasDoneToTheOnlineStoreIsRepaired(t *testing.T) {
	eachWorld(t, func(w *world) {
		want := w.hurt(20)
		done, audit := w.repair(false)
		if done.Before.Found() != int64(len(want)) || done.Put+done.Gone != int64(len(want)) || done.After.Keys != 0 || len(audit) != 2*len(want) {
			w.Errorf("dry: %+v, and %d lines of audit for %d keys", done, len(audit), len(want))
		}
		w.wantFaults(want)
		done, audit = w.repair(true)
		if !done.After.OK() || done.Beyond != 0 || len(audit) != 2*len(want) {
			w.Errorf("%+v, and %d lines of audit", done, len(audit))
		}
		w.wantFaults(nil)
		w.send(100)
		w.run()
		w.wantFaults(nil)
	})
}

// Graphs write meanwhile: no newer row gives way.
func TestARepairBesideAGraph(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.hurt(20)
		stop := w.keepWriting()
		w.repair(true)
		stop()
		w.wantFaults(nil)
	})
}

func TestWhatTheOfflineTableLacksIsBeyondARepair(t *testing.T) {
	w := newWorld(t, seed(t), feature.ByLog, sqliteIn(t))
	w.send(300)
	twin := feature.Record{Key: []byte("twin"), Value: body("twin", w.clock, 1), Timestamp: w.clock}
	w.log.Append(0, twin, twin) // the second is dropped, and leaves a place that no row has
	w.run()
	w.strangers(w.history(), map[string]insync.Kind{})
	done, _ := w.repair(true)
	if done.Beyond != 1 || done.Gone != 1 || done.Put != 0 || !done.After.OK() {
		t.Errorf("%+v", done)
	}
}

func TestARepairStopsWhereTooMuchDiffers(t *testing.T) {
	w := newWorld(t, seed(t), feature.ByLog, sqliteIn(t))
	w.keys = 500
	w.send(1500)
	w.run()
	w.exec("DELETE FROM rows_1_rows")
	_, err := insync.Repair{Verify: w.settings(), Apply: true}.Run(t.Context())
	if !errors.Is(err, insync.ErrTooMany) {
		t.Errorf("got %v", err)
	}
	done, err := insync.Repair{Verify: w.settings(), Apply: true, Most: 1}.Run(t.Context())
	if err != nil || !done.After.OK() || done.Put == 0 {
		t.Errorf("%+v, %v", done, err)
	}
	w.wantFaults(nil)
}
