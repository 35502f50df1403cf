package stages

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/hamba/avro/v2"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/stages/wire"
)

const (
	hopsRow = `{"type":"record","name":"Hops","fields":[
{"name":"k","type":["null","string"]},
{"name":"t","type":["null",{"type":"long","logicalType":"timestamp-micros"}]},
{"name":"a","type":["null",{"type":"array","items":["null","long"]}]},
{"name":"z","type":["null","double"]},
{"name":"b","type":["null",{"type":"array","items":["null","string"]}]}
]}`
	// hopsWire is how the rows of hopsRow are written.
	hopsWire = `{"type":"record","name":"Hops","fields":[
{"name":"k","type":["null","string"]},
{"name":"t","type":["null",{"type":"long","logicalType":"timestamp-micros"}]},
{"name":"a","type":["null","bytes"]},
{"name":"z","type":["null","double"]},
{"name":"b","type":["null","bytes"]}
]}`
)

var hopsGroup = feature.Group{Name: "h", PrimaryKey: []string{"k"}, EventTime: "t", Order: feature.ByEventTime}

// hops is a body of hopsRow: key "x", time 1, what is given for a, no z, and nothing in b.
func hops(a ...byte) []byte {
	return append(append([]byte{2, 2, 'x', 2, 2}, a...), 0, 0)
}

func headers(pairs ...string) (h []feature.Header) {
	for i := 0; i < len(pairs); i += 2 {
		h = append(h, feature.Header{Key: pairs[i], Value: []byte(pairs[i+1])})
	}
	return h
}

func hopsRecord(offset int64, body []byte, pairs ...string) feature.Record {
	h := append(headers("projectId", "119", "featureGroupId", "14", "subjectId", "7"), headers(pairs...)...)
	return feature.Record{Offset: offset, Value: body, Headers: h, Timestamp: 9}
}

func TestHopsworksHeadersSayWhatIsMeant(t *testing.T) {
	d, l := opened(t, Decode{Group: hopsGroup, Schema: hopsRow, Format: wire.Hopsworks{FeatureGroup: 14}})
	empty := hops(0)
	rows := through(t, d, records(0,
		hopsRecord(0, empty),
		hopsRecord(1, empty, "storage", "online"),
		hopsRecord(2, empty, "storage", "offline"),
		hopsRecord(3, empty, "storage", "0"),
		hopsRecord(4, empty, "storage", "1"),
		hopsRecord(5, empty, "storage", "offline", "storage", "online"),
		hopsRecord(6, empty, "storage", "2"),
		hopsRecord(7, empty, "storage", ""),
		hopsRecord(8, []byte{2, 2, 'x', 0, 0, 0, 0}, "operation", "delete", "storage", "online"),
		hopsRecord(9, empty, "operation", "truncate"),
		hopsRecord(10, empty, "upsertIfNewer", "1", "onlineIngestionId", "5"),
		hopsRecord(11, empty, "upsertIfNewer", "maybe"),
		hopsRecord(12, []byte{2, 2, 'x', 0, 0, 0, 0}),
		hopsRecord(13, nil, "operation", "delete"),
	))
	wantOutcomes(t, rows, "written written/filtered filtered/written filtered/written written written/filtered dead dead written/filtered dead written dead dead dead")
	wantLetters(t, l, "6 undecodable", "7 undecodable", "9 undecodable", "11 undecodable", "12 no-event-time", "13 delete-without-key")
	if on, off := rows.Outcomes[feature.Online][2], rows.Outcomes[feature.Offline][1]; on != feature.OfflineOnly || off != feature.OnlineOnly {
		t.Errorf("the reasons are %d and %d", on, off)
	}
	if r := rows.Row(8); !r.Delete() || r.Value("k") != "x" || rows.Time(8) != 9000 {
		t.Errorf("a delete came out as %s at %d", spellRow(rows, 8), rows.Time(8))
	}
}

func TestRecordsOfOtherFeatureGroupsAreFilteredUnseen(t *testing.T) {
	group := func(id string) []feature.Header { return headers("featureGroupId", "14", "featureGroupId", id) }
	list := records(0,
		feature.Record{Offset: 0, Value: hops(0), Headers: group("14")},
		feature.Record{Offset: 1, Value: []byte("another group's"), Headers: group("15")},
		feature.Record{Offset: 2, Headers: group("15")},
		feature.Record{Offset: 3, Value: hops(0), Headers: group("fourteen")},
		feature.Record{Offset: 4, Value: hops(0)},
		feature.Record{Offset: 5, Value: bytes.Repeat([]byte{1}, 200), Headers: append(group("140"), headers("storage", "?")...)},
		feature.Record{Offset: 6, Value: hops(0), Headers: group("99999999999999999999")},
	)
	d, l := opened(t, Decode{Group: hopsGroup, Schema: hopsRow, Format: wire.Hopsworks{FeatureGroup: 14}, MaxBytes: 100})
	rows := through(t, d, list)
	wantOutcomes(t, rows, "written filtered filtered dead dead filtered dead")
	wantLetters(t, l, "3 undecodable", "4 undecodable", "6 undecodable")
	for _, s := range feature.Stores() {
		if rows.Outcomes[s][1] != feature.OtherGroup {
			t.Errorf("%v: the reason is %d", s, rows.Outcomes[s][1])
		}
	}

	d, _ = opened(t, Decode{Group: hopsGroup, Schema: hopsRow, Format: wire.Hopsworks{}})
	wantOutcomes(t, through(t, d, records(0, list.List[0], list.List[3], list.List[4])), "written written written")
}

func TestAComplexFeatureStandsInBytes(t *testing.T) {
	for _, c := range []struct {
		a    []byte
		want string
	}{
		{[]byte{0}, "<nil>"},                                   // the outer null
		{[]byte{2, 2, 0}, "<nil>"},                             // the inner one
		{[]byte{2, 4, 2, 0}, "[]"},                             // an empty list
		{[]byte{2, 14, 2, 6, 2, 10, 0, 2, 20, 0}, "truncated"}, // bytes that end too early for the outer body
		{[]byte{2, 16, 2, 6, 2, 10, 0, 2, 20, 0}, "[5 <nil> 10]"},
		{[]byte{2, 14, 2, 6, 2, 10, 0, 2, 20}, "truncated"},            // the list isn't closed
		{[]byte{2, 18, 2, 6, 2, 10, 0, 2, 20, 0, 0}, "trailing-bytes"}, // all of them must be used
		{[]byte{2, 0}, "truncated"},
		{[]byte{2, 2, 2}, "truncated"},
		{[]byte{2, 2, 4}, "undecodable"},
		{[]byte{4}, "undecodable"},
		{[]byte{2, 4, 0, 0}, "trailing-bytes"},
	} {
		d, l := opened(t, Decode{Group: hopsGroup, Schema: hopsRow, Format: wire.Hopsworks{}})
		list := bodies(hops(0), hops(c.a...), hops(2, 6, 2, 0, 0))
		rows := through(t, d, records(0, list[:2]...))
		got := fmt.Sprint(rows.Row(1).Value("a"))
		if len(l.list) > 0 {
			got = strings.TrimPrefix(l.list[0], "1 ")
		}
		if got != c.want {
			t.Errorf("%v: %s, want %s", c.a, got, c.want)
		}
		if rows.Row(0).Value("k") != "x" {
			t.Errorf("%v: its neighbour is %s", c.a, spellRow(rows, 0))
		}
	}
}

func TestASubjectMayPutNullLastOrNowhere(t *testing.T) {
	order := func(a string) string {
		return strings.Replace(hopsWire, `"a","type":["null","bytes"]`, `"a","type":`+a, 1)
	}
	full := strings.Replace(hopsRow, `"a","type":["null",{"type":"array","items":["null","long"]}]`, `"a","type":[{"type":"array","items":"int"},"null"]`, 1)
	older := `{"type":"record","name":"Hops","fields":[{"name":"gone","type":{"type":"map","values":"int"}},{"name":"t","type":"long"},{"name":"k","type":"string"},{"name":"a","type":["null","bytes"]},{"name":"b","type":["null","bytes"]},{"name":"z","type":"float"}]}`
	d, l := opened(t, Decode{Group: hopsGroup, Schema: hopsRow, Format: wire.Hopsworks{Subjects: map[int]string{
		1: hopsWire, 2: order(`["bytes","null"]`), 3: order(`"bytes"`), 4: full, 5: older,
	}}})
	var list []feature.Record
	add := func(subject string, body []byte) {
		list = append(list, feature.Record{Offset: int64(len(list)), Value: body, Headers: headers("subjectId", "1", "subjectId", subject)})
	}
	five := []byte{2, 2, 2, 10, 0} // [5], as an inner body
	add("1", hops(append([]byte{2, 10}, five...)...))
	add("2", hops(append([]byte{0, 10}, five...)...))
	add("2", hops(2))
	add("3", hops(append([]byte{10}, five...)...))
	add("3", hops(2, 0))
	add("4", hops(2, 8, 0, 2, 10, 0)) // of the writer's own type, in the union of a row
	add("4", hops(0))
	add("4", hops(2, 2, 2)) // its own null
	add("4", hops(2, 2, 0)) // and the clients'
	add("5", append(append([]byte{2, 4, 9, 9, 2, 2, 'x', 2, 10}, five...), 0, 0, 0, 0xc0, 0x3f))
	add("6", hops(0))
	add("seven", hops(0))
	list = append(list, feature.Record{Offset: int64(len(list)), Value: hops(0)})
	rows := through(t, d, records(0, list...))
	wantLetters(t, l, "10 unknown-schema", "11 undecodable", "12 undecodable")
	for i, want := range []string{"[5]", "[5]", "<nil>", "[5]", "<nil>", "[5]", "<nil>", "<nil>", "<nil>", "[5]"} {
		if got := fmt.Sprint(rows.Row(i).Value("a")); got != want {
			t.Errorf("row %d: %s, want %s", i, got, want)
		}
	}
	if z := rows.Row(9).Value("z"); z != 1.5 || rows.Row(9).Value("k") != "x" {
		t.Errorf("what an older subject wrote came out as %s", spellRow(rows, 9))
	}

	all, l := opened(t, Decode{Group: hopsGroup, Schema: hopsRow, Format: wire.Hopsworks{Subjects: map[int]string{0: order(`["bytes","null"]`), 1: hopsWire}}})
	rows = through(t, all, records(0, list[0], list[1], hopsRecord(10, hops(2))))
	wantLetters(t, l)
	wantOutcomes(t, rows, "written written written")
}

func TestANullThatIsLastInAFeatureMayBeLastOrFirstInItsRow(t *testing.T) {
	schema := strings.Replace(hopsRow, `"a","type":["null",{"type":"array","items":["null","long"]}]`, `"a","type":[{"type":"array","items":["null","long"]},"null"]`, 1)
	d, l := opened(t, Decode{Group: hopsGroup, Schema: schema, Format: wire.Hopsworks{}})
	rows := through(t, d, records(0, bodies(
		hops(2, 10, 0, 2, 2, 10, 0), hops(0, 10, 0, 2, 2, 10, 0), // [5]
		hops(0), hops(2), // the outer null
		hops(2, 2, 2), hops(0, 2, 2), // the inner one
		hops(2, 2, 0), hops(0, 2, 0), // and the clients'
		hops(4),
	)...))
	wantLetters(t, l, "8 undecodable")
	for i, want := range []string{"[5]", "[5]", "<nil>", "<nil>", "<nil>", "<nil>", "<nil>", "<nil>"} {
		if got := fmt.Sprint(rows.Row(i).Value("a")); got != want {
			t.Errorf("row %d: %s, want %s", i, got, want)
		}
	}
}

func TestARowThatCanBeReadBothWaysIsADeadLetter(t *testing.T) {
	const schema = `{"type":"record","name":"L","fields":[{"name":"k","type":"int"},{"name":"v","type":[{"type":"array","items":"int"},"null"]},{"name":"z","type":["null","double"]},{"name":"s","type":"bytes"}]}`
	d, l := opened(t, Decode{Group: listGroup, Schema: schema, Format: wire.Hopsworks{}})
	rows := through(t, d, records(0, bodies(
		// A null, a double and no bytes; or a list's bytes that say null, no double, and six bytes.
		[]byte{2, 0, 2, 0, 0, 12, 0, 0, 0, 0, 0, 0},
		[]byte{2, 0, 2, 0, 0, 12, 0, 0, 0, 0, 0, 1}, // only the latter
		[]byte{2, 0, 0, 2, 7},
	)...))
	wantOutcomes(t, rows, "dead written written")
	wantLetters(t, l, "0 undecodable")
	for i, want := range map[int]string{1: "[0 0 0 0 0 1]", 2: "[7]"} {
		if got := fmt.Sprint(rows.Row(i).Value("s")); got != want {
			t.Errorf("row %d: %s, want %s", i, got, want)
		}
	}
}

func TestAComplexFeatureThatCantBeNull(t *testing.T) {
	d, l := opened(t, Decode{Group: listGroup, Schema: listOf(`"long"`), Format: wire.Hopsworks{}})
	rows := through(t, d, records(0, bodies([]byte{2, 2, 6, 2, 10, 0}, []byte{2, 2, 2, 0}, []byte{2, 0}, []byte{2, 4})...))
	wantOutcomes(t, rows, "written written dead dead")
	wantLetters(t, l, "2 incompatible-schema", "3 undecodable")
	if got := fmt.Sprint(rows.Row(0).Value("v"), rows.Row(1).Value("v")); got != "[5][]" && got != "[5] []" {
		t.Error(got)
	}
}

// TestBytesGiveWhatTheFullTypeGives holds random rows against a decoder that
// gets the same values in one body, and every prefix and changed byte of theirs
// against the same row in another place.
func TestBytesGiveWhatTheFullTypeGives(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	inBytes, full := avro.MustParse(plain(hopsWire)), avro.MustParse(plain(hopsRow))
	inner := map[string]avro.Schema{}
	for _, f := range full.(*avro.RecordSchema).Fields() {
		inner[f.Name()] = f.Type()
	}
	encode := func(s avro.Schema, v any) []byte {
		b, err := avro.Config{}.Freeze().Marshal(s, v)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	d, _ := opened(t, Decode{Group: hopsGroup, Schema: hopsRow, Format: wire.Hopsworks{}})
	one, _ := opened(t, Decode{Group: hopsGroup, Schema: hopsRow})
	for range 300 {
		row := map[string]any{"k": union("string", "k"), "t": union("long", rng.Int64()), "z": nil, "a": nil, "b": nil}
		if rng.IntN(3) > 0 {
			row["z"] = union("double", rng.NormFloat64())
		}
		for name, item := range map[string]func() any{
			"a": func() any { return union("long", rng.Int64()) },
			"b": func() any { return union("string", strings.Repeat("é", rng.IntN(70))) },
		} {
			if rng.IntN(4) == 0 {
				continue
			}
			list := []any{}
			for range rng.IntN(6) {
				if rng.IntN(4) == 0 {
					list = append(list, nil)
				} else {
					list = append(list, item())
				}
			}
			row[name] = union("array", list)
		}
		want := through(t, one, records(0, bodies(encode(full, row))...))
		sent := map[string]any{}
		for name, v := range row {
			sent[name] = v
			if s := inner[name]; (name == "a" || name == "b") && (v != nil || rng.IntN(2) == 0) {
				sent[name] = union("bytes", encode(s, v))
			}
		}
		body := encode(inBytes, sent)
		got := through(t, d, records(0, bodies(body)...))
		if !got.Pending(0) || spellRow(got, 0) != spellRow(want, 0) {
			t.Fatalf("%v:\n got %s\nwant %s", row, spellRow(got, 0), spellRow(want, 0))
		}
		beside := alone(t, d, body)
		for n := range body {
			if _, ok := neighbours(t, d, body, beside, body[:n:n]); ok {
				t.Fatalf("%d of %d bytes were taken for a record", n, len(body))
			}
		}
	}
}

func TestNestedFeaturesStandInBytesToo(t *testing.T) {
	const (
		reader = `{"type":"record","name":"N","fields":[{"name":"k","type":"string"},
			{"name":"m","type":["null",{"type":"map","values":["null","int"]}]},
			{"name":"r","type":["null",{"type":"record","name":"In","fields":[{"name":"x","type":["null","long"],"default":null},{"name":"y","type":{"type":"array","items":"string"},"default":[]}]}]},
			{"name":"rs","type":["null",{"type":"array","items":["null","In"]}]}]}`
		// An older subject, whose records have one field less; it is given in full.
		older = `{"type":"record","name":"N","fields":[{"name":"k","type":"string"},
			{"name":"r","type":["null",{"type":"record","name":"In","fields":[{"name":"x","type":["null","int"]}]}]},
			{"name":"m","type":["null",{"type":"map","values":"int"}]},
			{"name":"rs","type":["null",{"type":"array","items":"In"}]}]}`
	)
	d, l := opened(t, Decode{Group: rowGroup, Schema: reader, Format: wire.Hopsworks{Subjects: map[int]string{1: reader, 2: older}}})
	rows := through(t, d, records(0,
		feature.Record{Offset: 0, Headers: headers("subjectId", "1"), Value: []byte{
			2, 'a',
			2, 16, 2, 2, 2, 'q', 2, 10, 0, 0,
		}},
		feature.Record{Offset: 1, Headers: headers("subjectId", "1"), Value: []byte{
			2, 'b',
			2, 14, 2, 2, 2, 'q', 2, 10, 0, // {q: 5}
			2, 14, 2, 2, 6, 2, 2, 'z', 0, // {x: 3, y: [z]}
			2, 14, 2, 4, 0, 2, 0, 0, 0,
		}}, // [null, {x: null, y: []}]
		feature.Record{Offset: 2, Headers: headers("subjectId", "2"), Value: []byte{
			2, 'c',
			2, 6, 2, 2, 8, // {x: 4}
			2, 12, 2, 2, 2, 'q', 12, 0, // {q: 6}
			2, 10, 2, 2, 2, 14, 0,
		}}, // [{x: 7}]
	))
	wantLetters(t, l, "0 trailing-bytes")
	for i, want := range map[int]string{
		1: "map[q:5] map[x:3 y:[z]] [<nil> map[x:<nil> y:[]]]",
		2: "map[q:6] map[x:4 y:[]] [map[x:7 y:[]]]",
	} {
		r := rows.Row(i)
		if got := fmt.Sprint(r.Value("m"), " ", r.Value("r"), " ", r.Value("rs")); got != want {
			t.Errorf("row %d: %s, want %s", i, got, want)
		}
	}
}

func TestAGroupGrowsByWhatASubjectHasInFull(t *testing.T) {
	old := fieldsOf(`{"name":"v","type":["null",{"type":"array","items":"int"}]}`)
	grown := fieldsOf(`{"name":"v","type":["null","bytes"]}`, `{"name":"n","type":["null",{"type":"map","values":"int"}]}`, addedInt[:len(`{"name":"`)]+`i`+addedInt[len(`{"name":"n`):])
	lanes, l := grower(t, 1, Decode{Group: growing, Schema: old, Format: wire.Hopsworks{Subjects: map[int]string{1: old, 2: grown}}})
	rows := through(t, lanes[0], records(0,
		feature.Record{Offset: 0, Headers: headers("subjectId", "1"), Value: key(2, 8, 2, 2, 10, 0)},
		feature.Record{Offset: 1, Headers: headers("subjectId", "2"), Value: key(2, 8, 2, 2, 12, 0, 2, 12, 2, 2, 2, 'q', 14, 0, 2, 16)},
	))
	wantLetters(t, l)
	wantRows(t, rows, "k=x v=[5]", "k=x v=[6] n=map[q:7] i=8")
}

func FuzzHopsworks(f *testing.F) {
	for _, a := range [][]byte{{0}, {2, 2, 0}, {2, 16, 2, 6, 2, 10, 0, 2, 20, 0}} {
		f.Add(hops(a...), "7", "online")
	}
	f.Add([]byte{2, 2, 'x', 0, 0, 0, 0}, "8", "1")
	d, _ := opened(f, Decode{Group: hopsGroup, Schema: hopsRow, Format: wire.Hopsworks{FeatureGroup: 14, Subjects: map[int]string{0: hopsWire, 8: hopsRow}}})
	f.Fuzz(func(t *testing.T, body []byte, subject, storage string) {
		list := []feature.Record{
			hopsRecord(0, hops(2, 8, 2, 2, 2, 10)),
			hopsRecord(1, body, "subjectId", subject, "storage", storage),
			hopsRecord(2, hops(2, 10, 2, 2, 2, 10, 0)),
		}
		rows := through(t, d, records(0, list...))
		if rows.Pending(0) || !rows.Pending(2) || fmt.Sprint(rows.Row(2).Value("a")) != "[5]" {
			t.Errorf("beside %x: %s", body, outcomes(rows))
		}
	})
}

func TestHopsworksSettingsAreChecked(t *testing.T) {
	for want, f := range map[string]wire.Hopsworks{
		"FeatureGroup -1":                    {FeatureGroup: -1},
		"Subjects[-2]: no subject":           {Subjects: map[int]string{-2: hopsWire}},
		"Subjects[7]: the schema that":       {Subjects: map[int]string{7: `"int"`}},
		`"a": string can't be read as array`: {Subjects: map[int]string{3: strings.Replace(hopsWire, `"a","type":["null","bytes"]`, `"a","type":"string"`, 1)}},
	} {
		_, err := Decode{Group: hopsGroup, Schema: hopsRow, Format: f}.Describe(nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in %v", want, err)
		}
	}
}
