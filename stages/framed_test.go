package stages

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	second "github.com/twmb/avro"

	"github.com/tandemdata/tandem/internal/avrorow"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/stages/avro"
	"github.com/tandemdata/tandem/stages/wire"
)

const (
	rowNow    = `{"type":"record","name":"Row","namespace":"n","fields":[{"name":"k","type":"string"},{"name":"v","type":["null","long"],"default":null},{"name":"new","type":"double","default":0.5}]}`
	rowBefore = `{"type":"record","name":"Row","namespace":"n","fields":[{"name":"gone","type":"bytes"},{"name":"k","type":"string"},{"name":"v","type":"int"}]}`
)

// byID is a registry that nothing can happen to, unless it is told to.
type byID struct {
	schemas map[int]string
	err     error
	asked   []int
}

func (r *byID) Schema(_ context.Context, id int) (string, error) {
	r.asked = append(r.asked, id)
	if r.err != nil {
		return "", r.err
	}
	if s, ok := r.schemas[id]; ok {
		return s, nil
	}
	return "", wire.ErrUnknownSchema
}

func confluent(id uint32, body ...byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{0}, id), body...)
}

func single(t testing.TB, schema string, body ...byte) []byte {
	t.Helper()
	fp := second.MustParse(schema).Fingerprint(second.NewRabin())
	var head []byte
	for i := range fp { // its Sum is big-endian
		head = append([]byte{fp[i]}, head...)
	}
	return append(append([]byte{0xc3, 1}, head...), body...)
}

var (
	nowBody    = []byte{2, 'x', 2, 14, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f} // x, 7, 1.5
	beforeBody = []byte{4, 1, 2, 2, 'y', 5}                          // y, -3
)

func TestAFramedValueIsReadByTheSchemaItNames(t *testing.T) {
	for name, c := range map[string]struct {
		format      wire.Format
		now, before []byte
	}{
		"confluent": {
			wire.Confluent{Registry: &byID{schemas: map[int]string{7: rowNow, 1 << 30: rowBefore}}},
			confluent(7, nowBody...), confluent(1<<30, beforeBody...),
		},
		"single object": {
			wire.SingleObject{Schemas: []string{rowBefore}},
			single(t, rowNow, nowBody...), single(t, rowBefore, beforeBody...),
		},
	} {
		t.Run(name, func(t *testing.T) {
			d, l := opened(t, Decode{Group: rowGroup, Schema: rowNow, Format: c.format})
			list := bodies(c.now, c.before, nil, c.before, c.before)
			list[2].Key = []byte("x")
			list[4].Headers = []feature.Header{{Key: "operation", Value: []byte("delete")}}
			rows := through(t, d, records(0, list...))
			wantLetters(t, l)
			for i, want := range []string{
				"k=string x\nv=int64 7\nnew=float64 1.5\n", "k=string y\nv=int64 -3\nnew=float64 0.5\n",
				"k=string x\nv=<nil> <nil>\nnew=<nil> <nil>\n", "k=string y\nv=int64 -3\nnew=float64 0.5\n",
				"k=string y\nv=<nil> <nil>\nnew=<nil> <nil>\n",
			} {
				if got := spellRow(rows, i); got != want || rows.Row(i).Delete() != (i == 2 || i == 4) {
					t.Errorf("row %d is\n%s", i, got)
				}
			}
		})
	}
}

func TestAFrameThatIsNoneIsADeadLetter(t *testing.T) {
	registry := &byID{schemas: map[int]string{1: rowNow}}
	for _, c := range []struct {
		format wire.Format
		value  string
		kind   string
	}{
		{wire.Confluent{Registry: registry}, "", "short-header"},
		{wire.Confluent{Registry: registry}, "\x00\x00\x00\x00", "short-header"},
		{wire.Confluent{Registry: registry}, "\x01", "bad-magic"},
		{wire.Confluent{Registry: registry}, "\x00\x00\x00\x00\x00" + string(nowBody), "unknown-schema"},
		{wire.Confluent{Registry: registry}, "\x00\x80\x00\x00\x01" + string(nowBody), "unknown-schema"},
		{wire.Confluent{Registry: registry}, "\x00\x00\x00\x00\x02" + string(nowBody), "unknown-schema"},
		{wire.Confluent{Registry: registry}, "\x00\x00\x00\x00\x01", "truncated"},
		{wire.SingleObject{}, "", "short-header"},
		{wire.SingleObject{}, "\xc3\x01\x00\x00\x00\x00\x00\x00\x00", "short-header"},
		{wire.SingleObject{}, "\xc3\x02", "bad-magic"},
		{wire.SingleObject{}, "\x01", "bad-magic"},
		{wire.SingleObject{}, "\xc3\x01\x00\x00\x00\x00\x00\x00\x00\x00" + string(nowBody), "unknown-schema"},
		{wire.SingleObject{}, string(single(t, rowBefore, beforeBody...)), "unknown-schema"},
	} {
		d, l := opened(t, Decode{Group: rowGroup, Schema: rowNow, Format: c.format})
		wantOutcomes(t, through(t, d, records(0, bodies([]byte(c.value))...)), "dead")
		if l.list[0] != "0 "+c.kind {
			t.Errorf("%T %x: %q, want %q", c.format, c.value, l.list, c.kind)
		}
	}
}

// TestABatchWaitsForTheRegistry holds that an outage costs no row, sends no
// dead letter twice, and is not felt where the schema is known.
func TestABatchWaitsForTheRegistry(t *testing.T) {
	registry := &byID{schemas: map[int]string{1: rowNow, 2: rowBefore}}
	d, l := opened(t, Decode{Group: rowGroup, Schema: rowNow, Format: wire.Confluent{Registry: registry}})
	known := records(0, bodies(confluent(1, nowBody...))...)
	wantOutcomes(t, through(t, d, known), "written")

	registry.err = pipeline.Transient(errors.New("no route"))
	unknown := records(0, bodies([]byte{9}, confluent(1, nowBody...), confluent(2, beforeBody...))...)
	for range 3 {
		err := d.Process(t.Context(), unknown, func(*feature.Rows) { t.Error("a batch was emitted") })
		if !pipeline.IsTransient(err) || err.Error() != "t/3@2: schema id 2: no route" {
			t.Fatalf("got %v", err)
		}
	}
	wantLetters(t, l)
	wantOutcomes(t, through(t, d, known), "written")

	registry.err = nil
	wantOutcomes(t, through(t, d, unknown), "dead written written")
	wantLetters(t, l, "0 bad-magic")

	registry.err = errors.New("who are you")
	err := d.Process(t.Context(), records(0, bodies(confluent(3))...), func(*feature.Rows) {})
	if err == nil || pipeline.IsTransient(err) || !strings.Contains(err.Error(), "who are you") {
		t.Errorf("got %v", err)
	}
}

func TestALaneAsksOnceForASchema(t *testing.T) {
	registry := &byID{schemas: map[int]string{1: rowNow, 2: `"no record"`}}
	d, l := opened(t, Decode{Group: rowGroup, Schema: rowNow, Format: wire.Confluent{Registry: registry}})
	for range 3 {
		through(t, d, records(0, bodies(confluent(1, nowBody...), confluent(2, nowBody...), confluent(1, nowBody...))...))
	}
	if len(registry.asked) != 2 {
		t.Errorf("asked for %v", registry.asked)
	}
	wantLetters(t, l, "1 incompatible-schema", "1 incompatible-schema", "1 incompatible-schema")
}

func TestFramesRefuseEveryPrefixAndDecodeEveryChangedByteAsTheirBody(t *testing.T) {
	for name, c := range map[string]struct {
		format wire.Format
		good   []byte
		header int
	}{
		"confluent":     {wire.Confluent{Registry: &byID{schemas: map[int]string{1: rowNow}}}, confluent(1, nowBody...), 5},
		"single object": {wire.SingleObject{}, single(t, rowNow, nowBody...), 10},
	} {
		t.Run(name, func(t *testing.T) {
			d, _ := opened(t, Decode{Group: rowGroup, Schema: rowNow, Format: c.format})
			bare, _ := opened(t, Decode{Group: rowGroup, Schema: rowNow})
			want := alone(t, d, c.good)
			for n := range c.good {
				if _, ok := neighbours(t, d, c.good, want, c.good[:n:n]); ok {
					t.Errorf("%d of %d bytes were taken for a record", n, len(c.good))
				}
			}
			for i := range c.good {
				for x := 1; x < 256; x++ {
					value := bytes.Clone(c.good)
					value[i] ^= byte(x)
					rows, ok := neighbours(t, d, c.good, want, value)
					if i < c.header {
						if ok {
							t.Fatalf("%x was taken for a record", value)
						}
						continue
					}
					body := through(t, bare, records(0, bodies(value[c.header:])...))
					if ok != body.Pending(0) || ok && spellRow(rows, 1) != spellRow(body, 0) {
						t.Fatalf("%x: %s, and its body %s", value, outcomes(rows), outcomes(body))
					}
				}
			}
		})
	}
}

func FuzzFramed(f *testing.F) {
	f.Add(confluent(1, nowBody...))
	f.Add(confluent(2, beforeBody...))
	f.Add(single(f, rowNow, nowBody...))
	f.Add(single(f, rowBefore, beforeBody...))
	var decoders []decoding
	for _, format := range []wire.Format{
		wire.Confluent{Registry: &byID{schemas: map[int]string{1: rowNow, 2: rowBefore}}},
		wire.SingleObject{Schemas: []string{rowBefore}},
	} {
		d, _ := opened(f, Decode{Group: rowGroup, Schema: rowNow, Format: format})
		decoders = append(decoders, d)
	}
	goods := [][]byte{confluent(2, beforeBody...), single(f, rowBefore, beforeBody...)}
	beside := []string{alone(f, decoders[0], goods[0]), alone(f, decoders[1], goods[1])}
	f.Fuzz(func(t *testing.T, value []byte) {
		for i, d := range decoders {
			neighbours(t, d, goods[i], beside[i], value)
		}
	})
}

func TestTheFingerprintIsEverybodys(t *testing.T) {
	list := []string{everyType, avrorow.Schema, rowNow, rowBefore, `{"type":"error","name":"a.b.E","fields":[{"name":"m","type":{"type":"map","values":["null","E"]}}]}`}
	rng := rand.New(rand.NewPCG(7, 8))
	for range 50 {
		w, r := randomSides(rng)
		list = append(list, w, r)
	}
	for _, schema := range list {
		w, err := avro.ParseWriter(schema)
		if err != nil {
			t.Fatal(err)
		}
		if want := binary.BigEndian.Uint64(second.MustParse(schema).Fingerprint(second.NewRabin())); w.Fingerprint() != want {
			t.Errorf("%s: %x, want %x", schema, w.Fingerprint(), want)
		}
	}
	// The value that the specification's implementations share for "int".
	w, err := avro.ParseWriter(`"int"`)
	if err != nil || w.Fingerprint() != 0x7275d51a3f395c8f {
		t.Errorf("%x, %v", w.Fingerprint(), err)
	}
}

func TestAFormatsSettingsAreChecked(t *testing.T) {
	for want, format := range map[string]wire.Format{
		"Registry is missing":                 wire.Confluent{},
		"Keys needs a KeySchema":              wire.Confluent{Keys: true},
		"Schemas[0]: ":                        wire.SingleObject{Schemas: []string{"{"}},
		`Schemas[1]: the schema that wrote`:   wire.SingleObject{Schemas: []string{rowBefore, `"int"`}},
		`field "k": string can't be read as `: wire.SingleObject{Schemas: []string{strings.Replace(everyType, `"E"`, `"Row"`, 1)}},
	} {
		_, err := Decode{Group: rowGroup, Schema: strings.Replace(rowNow, `"k","type":"string"`, `"k","type":"int"`, 1), Format: format}.Describe(nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in %v", want, err)
		}
	}
}

func TestADeletesFramedKeyIsResolvedToo(t *testing.T) {
	const one, two = `{"type":"record","name":"K","fields":[{"name":"b","type":["null","long"]},{"name":"a","type":"string"}]}`,
		`{"type":"record","name":"K","fields":[{"name":"a","type":"string"},{"name":"gone","type":"int"},{"name":"b","type":"int"}]}`
	registry := &byID{schemas: map[int]string{1: one, 2: two, 3: `"string"`, 4: `"bytes"`, 5: `"boolean"`}}
	list := bodies(make([][]byte, 5)...)
	for i, key := range [][]byte{confluent(1, 2, 10, 2, 'x'), confluent(2, 2, 'y', 8, 5), confluent(2, 2, 'y', 8), confluent(5, 1), {1}} {
		list[i].Key = key
	}
	d, l := opened(t, Decode{Group: twoKeysGroup, Schema: twoKeys, KeySchema: one, Format: wire.Confluent{Registry: registry, Keys: true}})
	rows := through(t, d, records(0, list...))
	wantLetters(t, l, "2 truncated", "3 incompatible-schema", "4 bad-magic")
	for i, want := range []string{"x 5", "y -3"} {
		if r := rows.Row(i); fmt.Sprint(r.Value("a"), " ", r.Value("b")) != want || !r.Delete() {
			t.Errorf("%s, want %s", spellRow(rows, i), want)
		}
	}

	list = bodies(make([][]byte, 4)...)
	for i, key := range [][]byte{confluent(3, 2, 'x'), confluent(4, 2, 'y'), confluent(5, 1), nil} {
		list[i].Key = key
	}
	d, l = opened(t, Decode{Group: rowGroup, Schema: rowNow, KeySchema: `"string"`, Format: wire.Confluent{Registry: registry, Keys: true}})
	rows = through(t, d, records(0, list...))
	wantLetters(t, l, "2 incompatible-schema", "3 delete-without-key")
	if a, b := rows.Row(0).Value("k"), rows.Row(1).Value("k"); a != "x" || b != "y" {
		t.Errorf("%v, %v", a, b)
	}
}
