package stages

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// twice is a key in partition 0 and then in partition 1.
func twice() (first, second *feature.Rows) {
	s := rowgen.Plain()
	first = rowgen.Batch(s, feature.TopicPartition{Topic: "rows"}, rowgen.Row{Offset: 1, Key: "a"}, rowgen.Row{Offset: 2, Key: "b"})
	second = rowgen.Batch(s, feature.TopicPartition{Topic: "rows", Partition: 1}, rowgen.Row{Offset: 7, Key: "c"}, rowgen.Row{Offset: 8, Key: "a"})
	return first, second
}

func TestAKeyInTwoPartitionsIsLoggedOnce(t *testing.T) {
	var out bytes.Buffer
	h := newHomes(10, slog.New(slog.NewTextHandler(&out, nil)))
	first, second := twice()
	for _, rows := range []*feature.Rows{first, second, first} {
		if err := h.visit(rows, false); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(out.String(), "two partitions"); n != 1 {
		t.Errorf("logged %d times: %s", n, &out)
	}
}

func TestAKeyInTwoPartitionsStopsTheGraphWhereThatIsAsked(t *testing.T) {
	h := newHomes(10, slog.New(slog.DiscardHandler))
	first, second := twice()
	if err := h.visit(first, true); err != nil {
		t.Fatal(err)
	}
	err := h.visit(second, true)
	if err == nil || !strings.HasPrefix(err.Error(), "rows/1@8: the key of this row was in partition 0 before") {
		t.Errorf("got %v", err)
	}
}
