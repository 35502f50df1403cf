package window

import "testing"

func TestLanesShareWhatTheirNodeRemembers(t *testing.T) {
	s := NewBudget(1000)
	for range 4 {
		s.Join()
	}
	most := func() int {
		w := New(1)
		s.Fit(w)
		return w.most
	}
	if got := most(); got != 125 {
		t.Errorf("one of four lanes gets %d identities a generation, want 125 of 1,000 in two", got)
	}
	s.Leave()
	s.Leave()
	if got := most(); got != 250 {
		t.Errorf("one of two lanes that are left gets %d, want 250", got)
	}
}

func TestAWindowThatIsLimitedForgetsDownToThat(t *testing.T) {
	w := New(100_000)
	for n := range uint64(80_000) {
		w.Entry(digest(n))
	}
	w.Limit(1000)
	for n := range uint64(2000) {
		w.Entry(digest(1<<40 + n))
	}
	if known, bytes := w.now.used+w.old.used, bytesOf(&w.now)+bytesOf(&w.old); known > 1000 || bytes > 40*1000+4<<10 {
		t.Errorf("%d are known and take %d bytes", known, bytes)
	}
	for n := uint64(1500); n < 2000; n++ {
		if _, known := w.Entry(digest(1<<40 + n)); !known {
			t.Fatalf("forgot %d of the last 500", n)
		}
	}
}

func TestATableGrowsAPieceAtATime(t *testing.T) {
	w, most := New(4<<20), 0
	for n := range uint64(1 << 20) {
		before := bytesOf(&w.now)
		w.Entry(digest(n))
		most = max(most, bytesOf(&w.now)-before)
		if n%1000 == 0 && most > segmentKeys*40 {
			t.Fatalf("at %d identities one of them had the table grow by %d bytes", n, most)
		}
	}
}
