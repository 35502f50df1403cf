package sqlite

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline/feature"
)

var note = feature.Field{Name: "note", Kind: feature.String, Nullable: true}

func growing(t *testing.T, more ...feature.Field) *feature.Schema {
	t.Helper()
	s, err := rowgen.With(rowgen.Plain(), func(g *feature.Group) { g.Evolve = true }).WithColumns(more...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func row(s *feature.Schema, offset int64, values ...any) *feature.Rows {
	b := rowgen.NewBuilder(s, place, offset)
	b.Add(feature.Record{Offset: offset}, feature.Upsert, values...)
	return b.Rows()
}

// A column that another process adds is nulled by the very next transaction,
// and stays in the view when a writer that lacks it opens the table.
func TestAColumnOfAnotherProcessIsNulledAtOnce(t *testing.T) {
	s := Sink{File: filepath.Join(t.TempDir(), "features.db")}
	narrow, wide := growing(t), growing(t, note)
	old := start(t, s, narrow)
	put(t, old, row(narrow, 0, "a", int64(1)))
	other := start(t, s, narrow)
	if err := other.Evolve(t.Context(), wide); err != nil {
		t.Fatal(err)
	}
	put(t, other, row(wide, 1, "a", int64(2), "seen"))
	s.want(t, "seen", `SELECT note FROM plain_1`)
	put(t, old, row(narrow, 2, "a", int64(3)))
	s.want(t, "1", `SELECT note IS NULL AND amount = 3 FROM plain_1`)

	put(t, other, row(wide, 3, "a", int64(4), "again"))
	_ = start(t, s, narrow)
	s.want(t, "again", `SELECT note FROM plain_1`)
}

func TestATableThatHasGrownIsTakenByAGroupThatNoLongerGrows(t *testing.T) {
	s := Sink{File: filepath.Join(t.TempDir(), "features.db")}
	narrow, wide := growing(t), growing(t, note)
	w := start(t, s, narrow)
	if err := w.Evolve(t.Context(), wide); err != nil {
		t.Fatal(err)
	}
	fixed := rowgen.With(wide, func(g *feature.Group) { g.Evolve = false })
	put(t, start(t, s, fixed), row(fixed, 0, "a", int64(1), "x"))
	s.want(t, "x", `SELECT note FROM plain_1`)
}

// SQLite takes a quoted name that is no column for a string.
func TestAColumnThatIsNotThereIsAnError(t *testing.T) {
	s := Sink{File: filepath.Join(t.TempDir(), "features.db")}
	put(t, start(t, s, growing(t)), row(growing(t), 0, "a", int64(1)))
	for got, err := range s.Scan(t.Context(), growing(t, note)) {
		if err == nil || !strings.Contains(err.Error(), "note") {
			t.Errorf("scanned %v (%v)", got, err)
		}
	}
}

// A growth that fails half-way leaves the table and its view as they were.
func TestAGrowthThatFailsLeavesNothing(t *testing.T) {
	s := Sink{File: filepath.Join(t.TempDir(), "features.db")}
	w := start(t, s, growing(t))
	amount := feature.Field{Name: "amount", Kind: feature.String, Nullable: true}
	bad, err := feature.NewSchema(growing(t).Group, []feature.Field{growing(t).Fields[0], amount, note})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Evolve(t.Context(), bad); err == nil || !strings.Contains(err.Error(), "amount") {
		t.Errorf("got %v", err)
	}
	s.want(t, "0", `SELECT count(*) FROM pragma_table_info('plain_1_rows') WHERE name = 'note'`)
	put(t, w, row(growing(t), 0, "a", int64(1)))
	s.want(t, "1", `SELECT amount FROM plain_1`)
}

func TestAClosedWriterDoesNotGrow(t *testing.T) {
	w := start(t, Sink{File: filepath.Join(t.TempDir(), "features.db")}, growing(t))
	_ = w.Close()
	if err := w.Evolve(t.Context(), growing(t, note)); !errors.Is(err, errClosed) {
		t.Errorf("got %v", err)
	}
}
