package stages

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/hamba/avro/v2"
	second "github.com/twmb/avro"

	"github.com/tandemdata/tandem/internal/avrorow"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// everyType has each type that can be a column.
const everyType = `{"type":"record","name":"E","fields":[
{"name":"k","type":"string"},
{"name":"ts","type":["null",{"type":"long","logicalType":"timestamp-micros"}]},
{"name":"b","type":"boolean"},
{"name":"i","type":["int","null"]},
{"name":"l","type":["null","long"]},
{"name":"f","type":"float"},
{"name":"d","type":["double","null"]},
{"name":"s","type":["null","string"]},
{"name":"y","type":"bytes"},
{"name":"e","type":{"type":"enum","name":"Suit","symbols":["spades","hearts"]}},
{"name":"e2","type":["Suit","null"]},
{"name":"x","type":{"type":"fixed","name":"Three","size":3}},
{"name":"date","type":{"type":"int","logicalType":"date"}},
{"name":"tm","type":{"type":"int","logicalType":"time-millis"}},
{"name":"tu","type":{"type":"long","logicalType":"time-micros"}},
{"name":"ms","type":{"type":"long","logicalType":"timestamp-millis"}},
{"name":"ns","type":{"type":"long","logicalType":"timestamp-nanos"}},
{"name":"lm","type":{"type":"long","logicalType":"local-timestamp-millis"}},
{"name":"lu","type":{"type":"long","logicalType":"local-timestamp-micros"}},
{"name":"ln","type":{"type":"long","logicalType":"local-timestamp-nanos"}},
{"name":"fs","type":{"type":"array","items":"float"}},
{"name":"ls","type":["null",{"type":"array","items":["null","long"]}]},
{"name":"ss","type":{"type":"array","items":["string","null"]}},
{"name":"bs","type":{"type":"array","items":"boolean"}},
{"name":"x2","type":["null","Three"]},
{"name":"id","type":{"type":"string","logicalType":"uuid"}},
{"name":"id2","type":["null",{"type":"fixed","name":"Id","size":16,"logicalType":"uuid"}]},
{"name":"dec","type":{"type":"bytes","logicalType":"decimal","precision":5,"scale":2}},
{"name":"dec2","type":["null",{"type":"fixed","name":"Amount","size":17,"logicalType":"decimal","precision":38,"scale":10}]},
{"name":"dur","type":{"type":"fixed","name":"Span","size":12,"logicalType":"duration"}},
{"name":"nothing","type":"null"},
{"name":"m","type":{"type":"map","values":"int"}},
{"name":"mm","type":["null",{"type":"map","values":["null","Suit"]}]},
{"name":"r","type":{"type":"record","name":"Point","namespace":"geo","fields":[{"name":"x","type":"double"},{"name":"y","type":["null","double"]},
	{"name":"none","type":"null"},{"name":"tags","type":{"type":"array","items":{"type":"enum","name":"Tag","symbols":["red","blue"]}}}]}},
{"name":"r2","type":["null","geo.Point"]},
{"name":"rs","type":{"type":"array","items":["null","geo.Point"]}},
{"name":"mr","type":{"type":"map","values":{"type":"record","name":"Deep","fields":[
	{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}},{"name":"p","type":["geo.Point","null"]}]}}},
{"name":"grid","type":{"type":"array","items":{"type":"array","items":["null","int"]}}}
]}`

var everyGroup = feature.Group{Name: "e", PrimaryKey: []string{"k"}, EventTime: "ts"}

// plain is a schema without logical types, so that values come back as numbers.
func plain(schema string) string {
	parts := strings.Split(schema, `,"logicalType":"`)
	for i := 1; i < len(parts); i++ {
		parts[i] = parts[i][strings.IndexByte(parts[i], '"')+1:]
	}
	return strings.Join(parts, "")
}

func encode(t testing.TB, v map[string]any) []byte {
	t.Helper()
	b, err := avro.Config{}.Freeze().Marshal(avro.MustParse(plain(everyType)), v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func union(kind string, v any) map[string]any { return map[string]any{kind: v} }

// full has no null, bare has every null that there can be.
func full() map[string]any {
	return map[string]any{
		"k": "ключ", "ts": union("long", int64(1_700_000_000_000_000)), "b": true, "i": union("int", 7), "l": union("long", int64(-1)<<63),
		"f": float32(1.5), "d": union("double", -0.25), "s": union("string", strings.Repeat("long ", 20)), "y": []byte{0, 255},
		"e": "hearts", "e2": union("Suit", "spades"), "x": [3]byte{1, 2, 3}, "date": -1, "tm": 86_399_999, "tu": int64(86_399_999_999),
		"ms": int64(-5), "ns": int64(1) << 62, "lm": int64(1), "lu": int64(2), "ln": int64(3),
		"fs": []any{float32(1), float32(-2), float32(0.5)}, "ls": union("array", []any{union("long", int64(300)), nil, union("long", int64(2))}),
		"ss": []any{union("string", "a"), nil, union("string", "")}, "bs": []any{true, false},
		"x2": union("Three", [3]byte{4, 5, 6}), "id": "01234567-89ab-CDEF-0123-456789abcdef", "id2": union("Id", [16]byte{1, 15: 255}),
		"dec": []byte{0xff, 0xff, 0x80}, "dec2": union("Amount", [17]byte{15: 3, 16: 0xe8}), "dur": [12]byte{1, 4: 2, 8: 3}, "nothing": nil,
		"m": map[string]any{"a": 1, "b": -1}, "mm": union("map", map[string]any{"x": union("Suit", "hearts"), "y": nil}),
		"r": point(), "r2": union("geo.Point", point()), "rs": []any{nil, union("geo.Point", point()), nil},
		"mr":   map[string]any{"one": map[string]any{"at": int64(5), "p": union("geo.Point", point())}, "two": map[string]any{"at": int64(6), "p": nil}},
		"grid": []any{[]any{union("int", 1), nil}, []any{}, []any{union("int", 3)}},
	}
}

func point() map[string]any {
	return map[string]any{"x": 0.5, "y": union("double", -1.5), "none": nil, "tags": []any{"blue", "red"}}
}

func bare() map[string]any {
	m := full()
	for _, name := range []string{"i", "l", "d", "s", "e2", "ls", "x2", "id2", "dec2", "mm", "r2"} {
		m[name] = nil
	}
	m["k"], m["y"], m["dec"] = "", []byte{}, []byte{0}
	for _, name := range []string{"fs", "ss", "bs", "rs", "grid"} {
		m[name] = []any{}
	}
	m["m"], m["mr"] = map[string]any{}, map[string]any{}
	return m
}

// opinion is what twmb/avro makes of a body: the values as text, or false.
func opinion(s *second.Schema, columns []feature.Field, body []byte) (string, bool) {
	var v any
	rest, err := s.Decode(body, &v)
	if err != nil || len(rest) > 0 {
		return "", false
	}
	values := asColumn(feature.StructOf("", columns...), v).(map[string]any)
	return spell(columns, func(name string) any { return values[name] }), true
}

// asColumn has a value of the schema without logical types be one of the
// column, and leaves out what is none.
func asColumn(f feature.Field, v any) any {
	switch {
	case v == nil:
	case f.Logical == feature.Decimal:
		return feature.TrimUnscaled(v.([]byte))
	case f.Logical == feature.UUID:
		if text, ok := v.(string); ok {
			id, _ := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
			return id
		}
	case f.Kind == feature.List:
		items := make([]any, len(v.([]any)))
		for i, item := range v.([]any) {
			items[i] = asColumn(f.Elem(), item)
		}
		return items
	case f.Kind == feature.Map:
		_, value := f.Entries()
		entries := map[string]any{}
		for k, x := range v.(map[string]any) {
			entries[k] = asColumn(value, x)
		}
		return entries
	case f.Kind == feature.Struct:
		fields := map[string]any{}
		for _, child := range f.Children {
			fields[child.Name] = asColumn(child, v.(map[string]any)[child.Name])
		}
		return fields
	}
	return v
}

func spell(columns []feature.Field, value func(string) any) string {
	var b strings.Builder
	for _, f := range columns {
		fmt.Fprintf(&b, "%s=%T %v\n", f.Name, value(f.Name), value(f.Name))
	}
	return b.String()
}

func spellRow(r *feature.Rows, i int) string {
	return spell(r.Schema.Fields, r.Row(i).Value)
}

func TestDecodeReadsEveryTypeAsTheSecondOpinionDoes(t *testing.T) {
	d, l := opened(t, Decode{Group: everyGroup, Schema: everyType})
	s := second.MustParse(plain(everyType))
	list := bodies(encode(t, full()), encode(t, bare()), encode(t, full()))
	rows := through(t, d, records(0, list...))
	wantLetters(t, l)
	wantOutcomes(t, rows, "written written written")
	for i, rec := range list {
		want, ok := opinion(s, rows.Schema.Fields, rec.Value)
		if got := spellRow(rows, i); !ok || got != want {
			t.Errorf("row %d:\n got %s\nwant %s", i, got, want)
		}
	}
}

func TestDecodeKeepsLogicalTypes(t *testing.T) {
	s, err := Decode{Group: everyGroup, Schema: everyType}.Describe(nil)
	if err != nil {
		t.Fatal(err)
	}
	const point = "struct<x float64, y float64?, tags list<string>>"
	want := "k string, ts int64/timestamp-micros?, b bool, i int32?, l int64?, f float32, d float64?, s string?, y bytes, " +
		"e string, e2 string?, x bytes(3), date int32/date, tm int32/time-millis, tu int64/time-micros, " +
		"ms int64/timestamp-millis, ns int64/timestamp-nanos, lm int64/local-timestamp-millis, lu int64/local-timestamp-micros, " +
		"ln int64/local-timestamp-nanos, fs list<float32>, ls list<int64?>?, ss list<string?>, bs list<bool>, " +
		"x2 bytes(3)?, id bytes/uuid, id2 bytes/uuid?, dec bytes/decimal(5,2), dec2 bytes/decimal(38,10)?, dur bytes/duration, " +
		"m map<string, int32>, mm map<string, string?>?, " + "r " + point + ", r2 " + point + "?, rs list<" + point + "?>, " +
		"mr map<string, struct<at int64/timestamp-millis, p " + point + "?>>, grid list<list<int32?>>"
	if got := s.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// neighbours decodes a body between two good ones and checks that those are
// what they are alone. It gives the batch, and whether the body was a row.
func neighbours(t testing.TB, d decoding, good []byte, want string, body []byte) (*feature.Rows, bool) {
	t.Helper()
	rows := through(t, d, records(0, bodies(good, body, good)...))
	for _, i := range []int{0, 2} {
		if got := rows.AppendContent(nil, i); string(got) != want || !rows.Pending(i) {
			t.Fatalf("row %d beside %x:\n got %x\nwant %x: %s", i, body, got, want, spellRow(rows, i))
		}
	}
	return rows, rows.Pending(1)
}

func alone(t testing.TB, d decoding, body []byte) string {
	t.Helper()
	return string(through(t, d, records(0, bodies(body)...)).AppendContent(nil, 0))
}

func TestDecodeRefusesEveryPrefix(t *testing.T) {
	d, _ := opened(t, Decode{Group: everyGroup, Schema: everyType})
	for _, body := range [][]byte{encode(t, full()), encode(t, bare())} {
		want := alone(t, d, body)
		for n := range body {
			if _, ok := neighbours(t, d, body, want, body[:n:n]); ok {
				t.Fatalf("%d of %d bytes were taken for a record", n, len(body))
			}
		}
		if _, ok := neighbours(t, d, body, want, append(bytes.Clone(body), 0)); ok {
			t.Fatal("a trailing byte was taken for part of a record")
		}
	}
}

func TestDecodeOfEveryChangedByteAgreesWithTheSecondOpinion(t *testing.T) {
	d, _ := opened(t, Decode{Group: everyGroup, Schema: everyType})
	s := second.MustParse(plain(everyType))
	accepted, refused := 0, 0
	for _, good := range [][]byte{encode(t, full()), encode(t, bare())} {
		beside := alone(t, d, good)
		for i := range good {
			for x := 1; x < 256; x++ {
				body := bytes.Clone(good)
				body[i] ^= byte(x)
				rows, ok := neighbours(t, d, good, beside, body)
				if !ok {
					refused++
					continue
				}
				accepted++
				if x&(x-1) != 0 { // the second opinion takes its time: it is asked about single bits
					continue
				}
				want, ok := opinion(s, rows.Schema.Fields, body)
				if got := spellRow(rows, 1); !ok || got != want {
					t.Fatalf("byte %d changed by %#x:\n got %s\nwant %s", i, x, got, want)
				}
			}
		}
	}
	if accepted == 0 || refused == 0 {
		t.Fatalf("%d accepted, %d refused: the test sees one side only", accepted, refused)
	}
}

func varints(values ...int64) []byte {
	var b []byte
	for _, v := range values {
		b = binary.AppendVarint(b, v)
	}
	return b
}

func listOf(items string) string {
	return `{"type":"record","name":"L","fields":[{"name":"k","type":"int"},{"name":"v","type":{"type":"array","items":` + items + `}}]}`
}

var listGroup = feature.Group{Name: "l", PrimaryKey: []string{"k"}}

func TestBlocksInEveryForm(t *testing.T) {
	d, l := opened(t, Decode{Group: listGroup, Schema: listOf(`"long"`)})
	rows := through(t, d, records(0, bodies(
		varints(1, 2, 10, 20, 0),
		varints(1, 1, 10, 1, 20, 0),
		varints(1, -2, 2, 10, 20, 0),
		varints(1, -1, 1, 10, 1, 20, 0),
		varints(1, -2, 1, 10, 20, 0),          // says it ends earlier than it does
		varints(1, -2, 3, 10, 20, 0),          // and later
		append(varints(1, 1, 10), 0x80, 0x00), // a longer zero is a zero
	)...))
	wantOutcomes(t, rows, "written written written written dead dead written")
	wantLetters(t, l, "4 undecodable", "5 undecodable")
	for i, want := range []string{"[10 20]", "[10 20]", "[10 20]", "[10 20]", "<nil>", "<nil>", "[10]"} {
		if got := fmt.Sprint(rows.Row(i).Value("v")); got != want {
			t.Errorf("row %d: got %s, want %s", i, got, want)
		}
	}
}

func TestDecodeNamesWhatIsWrong(t *testing.T) {
	const schema = `{"type":"record","name":"R","fields":[{"name":"k","type":["null","string"]},
		{"name":"t","type":["null","long"]},{"name":"i","type":"int"},{"name":"b","type":"boolean"},
		{"name":"tm","type":{"type":"int","logicalType":"time-millis"}}]}`
	d, l := opened(t, Decode{Group: feature.Group{Name: "r", PrimaryKey: []string{"k"}, EventTime: "t"}, Schema: schema, MaxBytes: 40})
	good := []byte{2, 2, 'a', 2, 2, 2, 1, 0}
	change := func(at int, with ...byte) []byte {
		return append(append(bytes.Clone(good[:at]), with...), good[at+1:]...)
	}
	rows := through(t, d, records(0, bodies(
		good,
		[]byte{},
		good[:4],
		append(bytes.Clone(good), 0),
		change(2, 0xff),
		change(0, 4),                          // no such branch
		change(5, 0xff, 0xff, 0xff, 0xff, 31), // more than 32 bits
		change(6, 2),                          // boolean
		change(7, 1),                          // time of day -1
		bytes.Repeat([]byte{1}, 41),
		[]byte{0, 2, 2, 2, 1, 0},
		[]byte{2, 2, 'a', 0, 2, 1, 0},
		change(5, 0xfe, 0xff, 0xff, 0xff, 15), // the largest int
	)...))
	wantLetters(t, l, "1 truncated", "2 truncated", "3 trailing-bytes", "4 invalid-utf8", "5 undecodable", "6 undecodable",
		"7 undecodable", "8 undecodable", "9 too-long", "10 null-key", "11 no-event-time")
	wantOutcomes(t, rows, "written dead dead dead dead dead dead dead dead dead dead dead written")
	if got := rows.Row(12).Int32("i"); got != 1<<31-1 {
		t.Errorf("the largest int came out as %d", got)
	}
}

func TestWarmRecordsAreNeverRejected(t *testing.T) {
	d, l := opened(t, Decode{Group: avrorow.Group(), Schema: avrorow.Schema})
	gen := avrorow.Log{Seed: 1}.Open()
	list := gen.Records(4)
	list[1].Value = list[1].Value[:5]
	list[3].Value = list[3].Value[:5]
	in := records(2, list...)
	in.Span = feature.Span{From: 0, To: 4}
	rows := through(t, d, in)
	wantOutcomes(t, rows, "replayed replayed written dead")
	wantLetters(t, l, "3 truncated")
	if rows.Span() != in.Span || len(rows.Spans) != 1 {
		t.Errorf("spans %v of a batch that spans %v", rows.Spans, in.Span)
	}
}

func TestADeadLetterThatFailsSaysWhere(t *testing.T) {
	d, l := opened(t, Decode{Group: avrorow.Group(), Schema: avrorow.Schema})
	l.err = pipeline.Transient(errors.New("no broker"))
	list := avrorow.Log{}.Open().Records(3)
	list[1].Value = []byte{10}
	err := d.Process(t.Context(), records(0, list...), func(*feature.Rows) { t.Error("emitted") })
	if err == nil || !pipeline.IsTransient(err) || !strings.Contains(err.Error(), "t/3@1: no broker") {
		t.Fatalf("got %v", err)
	}
	l.err = pipeline.Transient(&pipeline.RecordError{TopicPartition: place, Offset: 1, Err: errors.New("no broker")})
	err = d.Process(t.Context(), records(0, list...), func(*feature.Rows) {})
	if !pipeline.IsTransient(err) || err.Error() != "t/3@1: no broker" {
		t.Errorf("the place is said more than once: %v", err)
	}
	l.err = nil
	wantOutcomes(t, through(t, d, records(0, list...)), "written dead written")
	wantLetters(t, l, "1 truncated")
}

func TestDecodeDescribesAllThatIsWrong(t *testing.T) {
	const schema = `{"type":"record","name":"R","fields":[{"name":"k","type":"string"},{"name":"m","type":{"type":"map","values":"null"}},
		{"name":"u","type":["int","string"]},{"name":"d","type":{"type":"bytes","logicalType":"decimal","precision":39,"scale":2}},
		{"name":"d2","type":{"type":"fixed","name":"F","size":4,"logicalType":"decimal","precision":4,"scale":5}},
		{"name":"d3","type":{"type":"bytes","logicalType":"decimal"}},
		{"name":"n","type":["null"]},{"name":"aa","type":{"type":"array","items":{"type":"array","items":"null"}}},
		{"name":"z","type":{"type":"fixed","name":"Z","size":0}},
		{"name":"e","type":{"type":"record","name":"Empty","fields":[{"name":"n","type":"null"}]}},
		{"name":"r","type":{"type":"record","name":"a.Tree","fields":[{"name":"left","type":["null","Tree"]}]}},{"name":"ok","type":"int"}]}`
	for name, c := range map[string]struct {
		decode Decode
		want   []string
	}{
		"types": {Decode{Group: listGroup, Schema: schema}, []string{
			`"m": values: a null`, `"u": a union`, `"d": a decimal of precision 39`, `"d2": a decimal of precision 4 and scale 5`, `"d3": a decimal of precision 0`,
			`"n": a union`, `"aa": items: items: a null`, `"z": a fixed of no bytes`, `"e": record Empty has no field`,
			`"r": field "left": record a.Tree holds itself`,
		}},
		"no schema":   {Decode{Group: feature.Group{}}, []string{"schema:", "no primary key"}},
		"no record":   {Decode{Group: listGroup, Schema: `"int"`}, []string{"want a record, got int"}},
		"group":       {Decode{Group: feature.Group{Name: "g", PrimaryKey: []string{"z"}}, Schema: listOf(`"int"`)}, []string{`"z" is not in the schema`}},
		"key type":    {Decode{Group: listGroup, Schema: listOf(`"int"`), KeySchema: `"long"`}, []string{"key schema", "k int64: the value has k int32"}},
		"key missing": {Decode{Group: listGroup, Schema: listOf(`"int"`), KeySchema: `{"type":"record","name":"K","fields":[]}`}, []string{`"k" is missing`}},
		"key too big": {Decode{Group: listGroup, Schema: listOf(`"int"`), KeySchema: listOf(`"int"`)}, []string{`"v" is neither`}},
		"bound":       {Decode{Group: listGroup, Schema: listOf(`"int"`), MaxBytes: -1}, []string{"MaxBytes -1"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.decode.Describe(nil)
			for _, want := range c.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%q is missing in: %v", want, err)
				}
			}
		})
	}
}
