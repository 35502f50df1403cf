package main

import (
	"bytes"
	"strings"
	"testing"
)

// filledSuite has a figure of every kind.
func filledSuite() *suite {
	s := &suite{results: map[goalID]*result{}, command: "go run ./benchmarks"}
	s.figures = []*figure{
		{Part: "stage", Name: "decode", Rows: 10, PerRow: []float64{200, 100, 300}},
		{Part: "stage", Name: "by <hand>", Rows: 10, PerRow: []float64{400, 400, 400}},
	}
	s.curves = []curve{{"batch size", "rows a batch", "ns/row", []point{{1, 200}, {10, 400}}}}
	s.histograms = []histogram{{"online", []float64{1, 2, 3}}}
	s.note("commit", "20", "ms", single(5))
	s.reached(decodeFlat, s.figures[0], s.figures[0], s.figures[1])
	return s
}

func TestThePageNeedsNoOtherFile(t *testing.T) {
	var page bytes.Buffer
	if err := filledSuite().writePage(&page, "by <hand>"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<svg", "go run ./benchmarks", "by &lt;hand&gt;"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("%q is missing", want)
		}
	}
	if n := strings.Count(page.String(), "<svg"); n != 3 {
		t.Errorf("%d plots, want 3", n)
	}
	for _, refers := range []string{"src=", "<link", "@import", "<script"} {
		if strings.Contains(page.String(), refers) {
			t.Errorf("the page has %q: it refers to another file", refers)
		}
	}
}

func TestARatioIsTakenRoundByRound(t *testing.T) {
	fast, slow := &figure{PerRow: []float64{1, 10, 2}}, &figure{PerRow: []float64{2, 30, 8}}
	if got, want := ratio(fast, slow), (spread{3, 2, 4}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestAGoalIsMetOrMissed(t *testing.T) {
	for _, c := range []struct {
		id      goalID
		got     float64
		control spread
		want    string
	}{
		{decodeFlat, 15, spread{}, "met"},
		{decodeFlat, 14.9, spread{}, "missed"},
		{commitLatency, 1.5, spread{}, "met"},
		{commitLatency, 1.6, spread{}, "missed"},
		{overGocql, 0.97, spread{1, 0.96, 1.04}, "met"}, // within what the sink differs from itself
		{overGocql, 0.95, spread{1, 0.96, 1.04}, "missed"},
	} {
		if got := goals[c.id].verdict(&result{got: single(c.got), control: c.control}); got != c.want {
			t.Errorf("%s at %g: %s, want %s", goals[c.id].what, c.got, got, c.want)
		}
	}
	for i, g := range goals {
		if int(g.id) != i {
			t.Errorf("goal %d is %q", i, g.what)
		}
	}
}

func TestTheTextHasEveryFigure(t *testing.T) {
	var text strings.Builder
	filledSuite().write(&text)
	for _, want := range []string{"5,000,000", "by <hand>", "20 ms", "decode : hamba into a map, flat", "missed", "not measured"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is missing in:\n%s", want, text.String())
		}
	}
}
