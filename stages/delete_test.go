package stages

import (
	"errors"
	"testing"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/stages/wire"
)

const twoKeys = `{"type":"record","name":"R","fields":[{"name":"a","type":"string"},{"name":"b","type":["null","long"]},
	{"name":"t","type":["null",{"type":"long","logicalType":"timestamp-micros"}]},{"name":"v","type":["null","string"]}]}`

var twoKeysGroup = feature.Group{Name: "r", PrimaryKey: []string{"a", "b"}, EventTime: "t"}

func TestANullValueDeletesByItsKeySchema(t *testing.T) {
	d, l := opened(t, Decode{
		Group: twoKeysGroup, Schema: twoKeys,
		KeySchema: `{"type":"record","name":"K","fields":[{"name":"b","type":"long"},{"name":"a","type":"string"}]}`,
	})
	upsert := []byte{2, 'x', 2, 10, 2, 2, 2, 2, 'v'}
	rows := through(t, d, records(0,
		feature.Record{Value: upsert, Offset: 0},
		feature.Record{Key: []byte{10, 2, 'x'}, Offset: 1, Timestamp: 7},
		feature.Record{Key: []byte{10, 2, 'x', 0}, Offset: 2},
		feature.Record{Key: []byte{}, Offset: 3},
		feature.Record{Offset: 4},
	))
	wantOutcomes(t, rows, "written written dead dead dead")
	wantLetters(t, l, "2 trailing-bytes", "3 truncated", "4 delete-without-key")
	row := rows.Row(1)
	if !row.Delete() || row.String("a") != "x" || row.Int64("b") != 5 || !row.Null("v") || !row.Null("t") {
		t.Errorf("a delete came out as %s", spellRow(rows, 1))
	}
	if rows.KeyDigest(0) != rows.KeyDigest(1) {
		t.Error("a delete has another key than the row that it deletes")
	}
	if rows.Time(1) != 7000 {
		t.Errorf("a delete without event time has time %d, want its record's", rows.Time(1))
	}
}

func TestANullValueDeletesByItsBytes(t *testing.T) {
	for _, kind := range []string{"string", "bytes"} {
		t.Run(kind, func(t *testing.T) {
			d, l := opened(t, Decode{Group: listGroup, Schema: `{"type":"record","name":"R","fields":[{"name":"k","type":"` + kind + `"},{"name":"v","type":"long"}]}`})
			rows := through(t, d, records(0,
				feature.Record{Key: []byte("a"), Value: []byte{2, 'a', 2}, Offset: 0},
				feature.Record{Key: []byte("a"), Offset: 1},
				feature.Record{Key: []byte{}, Offset: 2},
				feature.Record{Offset: 3},
			))
			wantOutcomes(t, rows, "written written written dead")
			wantLetters(t, l, "3 delete-without-key")
			if rows.KeyDigest(0) != rows.KeyDigest(1) || !rows.Row(1).Delete() {
				t.Errorf("a delete came out as %s", spellRow(rows, 1))
			}
		})
	}
}

func TestAKeyThatIsNotTextIsADeadLetter(t *testing.T) {
	d, l := opened(t, Decode{Group: listGroup, Schema: `{"type":"record","name":"R","fields":[{"name":"k","type":"string"}]}`})
	rows := through(t, d, records(0, feature.Record{Key: []byte{0xff}, Offset: 0}))
	wantOutcomes(t, rows, "dead")
	wantLetters(t, l, "0 invalid-utf8")
}

func TestASinglePrimitiveIsAKey(t *testing.T) {
	d, l := opened(t, Decode{Group: listGroup, Schema: listOf(`"long"`), KeySchema: `"int"`})
	rows := through(t, d, records(0, feature.Record{Key: []byte{10}, Offset: 0}, feature.Record{Key: []byte{10, 0}, Offset: 1}))
	wantOutcomes(t, rows, "written dead")
	wantLetters(t, l, "1 trailing-bytes")
	if rows.Row(0).Int32("k") != 5 {
		t.Errorf("the key came out as %s", spellRow(rows, 0))
	}
}

func TestWithoutAKeySchemaACompoundKeyCantBeDeleted(t *testing.T) {
	d, l := opened(t, Decode{Group: twoKeysGroup, Schema: twoKeys})
	wantOutcomes(t, through(t, d, records(0, feature.Record{Key: []byte("x5"), Offset: 0})), "dead")
	wantLetters(t, l, "0 delete-without-key")
}

func TestAHeaderMakesADelete(t *testing.T) {
	d, l := opened(t, Decode{Group: twoKeysGroup, Schema: twoKeys})
	header := func(values ...string) (h []feature.Header) {
		for _, v := range values {
			h = append(h, feature.Header{Key: "operation", Value: []byte(v)})
		}
		return append(h, feature.Header{Key: "other", Value: []byte("delete")})
	}
	body := []byte{2, 'x', 2, 10, 2, 2, 2, 2, 'v'}
	rows := through(t, d, records(0,
		feature.Record{Value: body, Headers: header("delete"), Offset: 0},
		feature.Record{Value: body, Headers: header("delete", "upsert"), Offset: 1},
		feature.Record{Value: body, Headers: header("drop"), Offset: 2},
		feature.Record{Value: []byte{2, 'x', 2, 10, 0, 0}, Headers: header("delete"), Offset: 3, Timestamp: 9},
		feature.Record{Value: []byte{2, 'x', 0, 0, 0}, Headers: header("delete"), Offset: 4},
	))
	wantOutcomes(t, rows, "written written dead written dead")
	wantLetters(t, l, "2 undecodable", "4 null-key")
	if r := rows.Row(0); !r.Delete() || !r.Null("v") || r.Int64("t") != 1 || rows.KeyDigest(0) != rows.KeyDigest(1) {
		t.Errorf("a delete came out as %s", spellRow(rows, 0))
	}
	if r := rows.Row(1); r.Delete() || r.String("v") != "v" {
		t.Errorf("an upsert came out as %s", spellRow(rows, 1))
	}
	if rows.Time(3) != 9000 {
		t.Errorf("a delete without event time has time %d", rows.Time(3))
	}
}

// routed sends records to stores by the first byte of their key.
type routed struct{}

func (routed) Unpack(rec *feature.Record) (wire.Envelope, error) {
	p := wire.Envelope{Body: rec.Value}
	switch rec.Key[0] {
	case 'n':
		p.Outcomes = [2]feature.Outcome{feature.OtherGroup, feature.Filtered}
	case 'f':
		p.Outcomes[feature.Online] = feature.OfflineOnly
	case 'w':
		p.Writer = 9
	case 'e':
		return p, errors.New("not one of ours")
	}
	return p, nil
}

func TestAFormatSaysWhichStoresARecordIsFor(t *testing.T) {
	d, l := opened(t, Decode{Group: listGroup, Schema: listOf(`"long"`), Format: routed{}})
	var list []feature.Record
	for i, key := range []string{"f", "n", "b", "f", "w", "e"} {
		list = append(list, feature.Record{Key: []byte(key), Value: varints(1, 0), Offset: int64(i)})
	}
	list[1].Value = []byte("not Avro")
	rows := through(t, d, records(0, list[1:]...))
	wantOutcomes(t, rows, "filtered written filtered/written dead dead")
	wantLetters(t, l, "4 unknown-schema", "5 undecodable")

	// What never went online isn't known there: a replayed row keeps that.
	in := records(1, list[0])
	in.Span = feature.Span{From: 0, To: 1}
	wantOutcomes(t, through(t, d, in), "filtered/replayed")
}

// TestARecordKeyIsNoFixedColumn holds that bytes of any length don't become a
// column of 16, which only a key schema can tell from them.
func TestARecordKeyIsNoFixedColumn(t *testing.T) {
	const schema = `{"type":"record","name":"R","fields":[{"name":"id","type":{"type":"string","logicalType":"uuid"}}]}`
	g := feature.Group{Name: "r", PrimaryKey: []string{"id"}}
	text := []byte("01234567-89ab-cdef-0123-456789abcdef")
	list := bodies(nil, nil)
	list[0].Key, list[1].Key = text, append([]byte{72}, text...)
	d, l := opened(t, Decode{Group: g, Schema: schema})
	wantOutcomes(t, through(t, d, records(0, list...)), "dead dead")
	wantLetters(t, l, "0 delete-without-key", "1 delete-without-key")

	d, l = opened(t, Decode{Group: g, Schema: schema, KeySchema: `{"type":"string","logicalType":"uuid"}`})
	wantOutcomes(t, through(t, d, records(0, list...)), "dead written")
	if len(l.list) != 1 {
		t.Errorf("dead letters: %q", l.list)
	}
	if _, err := (Decode{Group: g, Schema: schema, KeySchema: `"string"`}).Describe(nil); err == nil {
		t.Error("a string was taken for a UUID")
	}
}
