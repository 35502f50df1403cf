package stages

import (
	"testing"

	second "github.com/twmb/avro"

	"github.com/tandemdata/tandem/internal/avrorow"
)

// FuzzDecode holds that no body harms its neighbours, and that what is taken
// for a record is what the second opinion takes it for.
func FuzzDecode(f *testing.F) {
	d, _ := opened(f, Decode{Group: everyGroup, Schema: everyType})
	s := second.MustParse(plain(everyType))
	good := encode(f, full())
	beside := alone(f, d, good)
	f.Add(good)
	f.Add(encode(f, bare()))
	f.Fuzz(func(t *testing.T, body []byte) {
		rows, ok := neighbours(t, d, good, beside, body)
		if !ok {
			return
		}
		want, ok := opinion(s, rows.Schema.Fields, body)
		if got := spellRow(rows, 1); !ok || got != want {
			t.Fatalf("%x:\n got %s\nwant %s", body, got, want)
		}
	})
}

// FuzzDecodeFeatureRow does the same for rows with an embedding, by name of
// what examples and benchmarks send.
func FuzzDecodeFeatureRow(f *testing.F) {
	d, _ := opened(f, Decode{Group: avrorow.Group(), Schema: avrorow.Schema})
	s := second.MustParse(plain(avrorow.Schema))
	list := avrorow.Log{Seed: 3, Undecodable: 0.3}.Open().Records(8)
	good := list[0].Value
	beside := alone(f, d, good)
	for _, rec := range list {
		f.Add(rec.Value)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		rows, ok := neighbours(t, d, good, beside, body)
		if !ok {
			return
		}
		want, ok := opinion(s, rows.Schema.Fields, body)
		if got := spellRow(rows, 1); !ok || got != want {
			t.Fatalf("%x:\n got %s\nwant %s", body, got, want)
		}
	})
}

// FuzzRecordKey holds that any record key gives one row with a key, or one dead letter.
func FuzzRecordKey(f *testing.F) {
	d, l := opened(f, Decode{
		Group: twoKeysGroup, Schema: twoKeys,
		KeySchema: `{"type":"record","name":"K","fields":[{"name":"b","type":["null","long"]},{"name":"a","type":"string"}]}`,
	})
	f.Add([]byte{2, 10, 2, 'x'})
	f.Add([]byte{0, 2, 'x'})
	f.Add([]byte{2, 10, 8, 0xff})
	f.Fuzz(func(t *testing.T, key []byte) {
		list := bodies(nil)
		list[0].Key = key
		l.list = nil
		rows := through(t, d, records(0, list...))
		if rows.Len() != 1 || rows.Pending(0) == (len(l.list) == 1) {
			t.Fatalf("%x: %d rows, %s, dead letters %q", key, rows.Len(), outcomes(rows), l.list)
		}
		if rows.Pending(0) && (rows.Row(0).Null("a") || rows.Row(0).Null("b") || !rows.Row(0).Delete()) {
			t.Fatalf("%x: %s", key, spellRow(rows, 0))
		}
	})
}
