package stages

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/stages/avro"
	"github.com/tandemdata/tandem/stages/wire"
)

// ownFormat is what a user writes: it has no more than wire's interfaces.
type ownFormat struct {
	fault error // of its settings
	forms func(id uint64, w *avro.Writer) []*avro.Writer
}

func (f ownFormat) Unpack(rec *feature.Record) (wire.Envelope, error) {
	if string(rec.Value) == "frame" {
		return wire.Envelope{}, fmt.Errorf("here: %w", wire.ErrMagic)
	}
	return wire.Envelope{Body: rec.Value}, nil
}

func (f ownFormat) Open(reader *avro.Schema, key *avro.Key) (wire.Format, error) {
	if reader == nil || key == nil {
		return f, errors.New("the schemas are missing")
	}
	return f, f.fault
}

func (f ownFormat) Forms(id uint64, w *avro.Writer) []*avro.Writer { return f.forms(id, w) }

func asIs(_ uint64, w *avro.Writer) []*avro.Writer { return []*avro.Writer{w} }

func asIsOrInBytes(_ uint64, w *avro.Writer) []*avro.Writer {
	return append([]*avro.Writer{w}, w.InBytes()...)
}

func ownDecode(f wire.Format) Decode {
	return Decode{Group: listGroup, Schema: listOf(`"string"`), KeySchema: `"int"`, Format: f}
}

func TestAFormatOfOnesOwnHasItsSettingsChecked(t *testing.T) {
	_, err := ownDecode(ownFormat{fault: errors.New("no such tag"), forms: asIs}).Describe(nil)
	if err == nil || !strings.Contains(err.Error(), "no such tag") {
		t.Errorf("got %v", err)
	}
	if _, err := ownDecode(ownFormat{forms: asIs}).Describe(nil); err != nil {
		t.Error(err)
	}
}

func TestABodyOfOneOfSeveralFormsIsReadByTheOneThatCan(t *testing.T) {
	d, l := opened(t, ownDecode(ownFormat{forms: asIsOrInBytes}))
	rows := through(t, d, records(0, bodies(
		[]byte("\x02\x04\x02a\x02b\x00"),    // as the schema says: a block of two items
		[]byte("\x02\x02\x08\x02\x02a\x00"), // in bytes: branch 1, four bytes, a block of one item
		[]byte("\x02\x02\x02a\x00"),
		[]byte("frame"),
		[]byte("\x02\x04\x02a"),
	)...))
	wantOutcomes(t, rows, "written written written dead dead")
	wantLetters(t, l, "3 bad-magic", "4 truncated")
	for i, want := range []string{"[a b]", "[a]", "[a]"} {
		if got := fmt.Sprint(rows.Row(i).Value("v")); got != want {
			t.Errorf("row %d: got %s, want %s", i, got, want)
		}
	}
}

// embedding has another's Open, which would put the other in its place.
type embedding struct{ wire.SingleObject }

func (embedding) Unpack(rec *feature.Record) (wire.Envelope, error) {
	return wire.Envelope{Body: rec.Value}, nil
}

func TestAFormatThatBreaksItsContractIsNamed(t *testing.T) {
	none := func(uint64, *avro.Writer) []*avro.Writer { return nil }
	for want, f := range map[string]wire.Format{
		"format stages.embedding: Open gave a wire.SingleObject": embedding{},
		"format stages.ownFormat: ":                              ownFormat{forms: none},
	} {
		if _, err := ownDecode(f).Describe(nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in %v", want, err)
		}
	}
}
