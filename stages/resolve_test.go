package stages

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	second "github.com/twmb/avro"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/stages/avro"
)

func TestAWritersFieldIsReadByAvrosRules(t *testing.T) {
	for _, p := range pairs {
		t.Run(p.w+" as "+p.r, func(t *testing.T) {
			s := newSides()
			s.add(p.w, p.r, "")
			w, r := s.schemas()
			d, l := opened(t, Decode{Group: rowGroup, Schema: r, Format: shelf{w}})
			_, err := resolved(t, w, r)
			if (err != nil) != (p.says != "") {
				t.Errorf("the second opinion is: %v", err)
			}
			rng, rows := rand.New(rand.NewPCG(1, 2)), 0
			for range 50 {
				if through(t, d, records(0, bodies(framed(1, randomBody(t, w, rng)))...)).Pending(0) {
					rows++
				}
			}
			for _, letter := range l.list {
				if letter != "0 incompatible-schema" {
					t.Fatal(letter)
				}
			}
			if all := map[string]bool{"": rows == 50, "some": rows > 0 && rows < 50, "never": rows == 0}; !all[p.says] {
				t.Errorf("%d of 50 were rows, want %q", rows, p.says)
			}
		})
	}
}

func TestRandomSchemasResolveAsTheSecondOpinionHasIt(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng, compared := rand.New(rand.NewPCG(seed, 0)), 0
	for range 400 {
		w, r := randomSides(rng)
		s, err := resolved(t, w, r)
		if err != nil { // a branch or a symbol has no place
			continue
		}
		d, l := opened(t, Decode{Group: rowGroup, Schema: r, Format: shelf{w}})
		var list [][]byte
		for range 5 {
			list = append(list, framed(1, randomBody(t, w, rng)))
		}
		rows := through(t, d, records(0, bodies(list...)...))
		wantLetters(t, l)
		for i := range list {
			want, ok := opinion(s, rows.Schema.Fields, list[i][1:])
			if got := spellRow(rows, i); !ok || got != want {
				t.Fatalf("writer %s\nreader %s\nbody %x\n got %s\nwant %s (%v)", w, r, list[i][1:], got, want, ok)
			}
			compared++
		}
	}
	if compared < 200 {
		t.Errorf("only %d rows were compared", compared)
	}
}

func TestOfAForeignBodyNoPrefixAndNoChangedByteIsAPartialRow(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng, read := rand.New(rand.NewPCG(seed, 0)), 0
	for range 40 {
		w, r := randomSides(rng)
		s, err := resolved(t, w, r)
		if err != nil {
			continue
		}
		d, _ := opened(t, Decode{Group: rowGroup, Schema: r, Format: shelf{w}})
		good := framed(1, randomBody(t, w, rng))
		beside := alone(t, d, good)
		for n := 1; n < len(good); n++ {
			if _, ok := neighbours(t, d, good, beside, good[:n:n]); ok {
				t.Fatalf("writer %s: %d of %d bytes were taken for a record", w, n, len(good))
			}
		}
		for i := 1; i < len(good); i++ {
			body := framed(1, good[1:])
			body[i] ^= byte(1 + rng.IntN(255))
			rows, ok := neighbours(t, d, good, beside, body)
			if !ok {
				continue
			}
			read++
			nulls := strings.Contains(w, `"items":"null"`) // of which the second opinion takes only so many
			if _, ok := opinion(second.MustParse(plain(w)), nil, body[1:]); !ok && !nulls {
				t.Fatalf("writer %s\nbody %x is a row of %s, and no record of the writer", w, body[1:], r)
			}
			want, ok := opinion(s, rows.Schema.Fields, body[1:])
			if got := spellRow(rows, 1); (!ok || got != want) && !nulls {
				t.Fatalf("writer %s\nreader %s\nbody %x:\n got %s\nwant %s (%v)", w, r, body[1:], got, want, ok)
			}
		}
	}
	if read == 0 {
		t.Error("no changed byte made another record")
	}
}

func TestNamesAndAliases(t *testing.T) {
	const reader = `{"type":"record","name":"new.Row","aliases":["old.Ancient"],"fields":[
		{"name":"k","type":"string","aliases":["key"]},{"name":"a","type":"int","aliases":["b"],"default":1},{"name":"b","type":"int","default":2}]}`
	for name, c := range map[string]struct{ writer, want string }{
		"namespace is not compared": {`{"type":"record","name":"other.Row","fields":[{"name":"k","type":"string"}]}`, "1 2"},
		"alias of the record":       {`{"type":"record","name":"Ancient","fields":[{"name":"key","type":"string"}]}`, "1 2"},
		"a name before an alias":    {`{"type":"record","name":"Row","fields":[{"name":"b","type":"int"},{"name":"k","type":"string"}]}`, "1 7"},
		"another name":              {`{"type":"record","name":"Raw","fields":[{"name":"k","type":"string"}]}`, "refused"},
		"no key":                    {`{"type":"record","name":"Row","fields":[{"name":"b","type":"int"}]}`, "refused"},
		"wrong default":             {`{"type":"record","name":"Row","fields":[{"name":"k","type":["string","null"],"default":null}]}`, "1 2"},
		"no schema":                 {`syntax = "proto3";`, "refused"},
		"no record":                 {`"string"`, "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			body := map[bool][]byte{true: {14, 2, 'x'}, false: {2, 'x'}}[name == "a name before an alias"]
			if name == "wrong default" {
				body = []byte{0, 2, 'x'}
			}
			d, l := opened(t, Decode{Group: rowGroup, Schema: reader, Format: shelf{c.writer}})
			rows := through(t, d, records(0, bodies(framed(1, body))...))
			got := "refused"
			if rows.Pending(0) {
				got = fmt.Sprint(rows.Row(0).Value("a"), rows.Row(0).Value("b"))
			} else {
				wantLetters(t, l, "0 incompatible-schema")
			}
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestASchemaThatDoesNotResolveStopsTheGraphIfAsked(t *testing.T) {
	const reader = `{"type":"record","name":"Row","fields":[{"name":"k","type":"string"},{"name":"v","type":{"type":"long","logicalType":"timestamp-micros"}}]}`
	const writer = `{"type":"record","name":"Row","fields":[{"name":"k","type":"string"},{"name":"v","type":{"type":"long","logicalType":"timestamp-millis"}}]}`
	in := records(0, bodies(framed(1, []byte{2, 'x', 2}), framed(2, nil), framed(3, []byte{2, 'x', 2}))...)
	d, l := opened(t, Decode{Group: rowGroup, Schema: reader, Format: shelf{reader, "", writer}})
	wantOutcomes(t, through(t, d, in), "written dead dead")
	wantLetters(t, l, "1 incompatible-schema", "2 incompatible-schema")

	d, l = opened(t, Decode{Group: rowGroup, Schema: reader, Format: shelf{reader, reader, writer}, StopOnIncompatible: true})
	err := d.Process(t.Context(), in, func(*feature.Rows) { t.Error("a batch was emitted") })
	if !errors.Is(err, avro.ErrIncompatible) || !strings.Contains(err.Error(), `t/3@2: `) || !strings.Contains(err.Error(), `field "v": timestamp-millis can't be read as timestamp-micros`) {
		t.Errorf("got %v", err)
	}
	wantLetters(t, l)
}

// TestAForeignRowCostsNoMemoryOfItsOwn holds that resolving is done once for a schema.
func TestAForeignRowCostsNoMemoryOfItsOwn(t *testing.T) {
	s := newSides()
	for _, p := range pairs {
		if p.says == "" {
			s.add(p.w, p.r, "")
		}
	}
	for _, typ := range onlyWriter {
		s.add(typ, "", "")
	}
	for _, f := range onlyReader {
		typ, def, _ := strings.Cut(f, `,"default"`)
		s.add("", typ, `,"default"`+def)
	}
	w, r := s.schemas()
	d, _ := opened(t, Decode{Group: rowGroup, Schema: r, Format: shelf{w}})
	body := framed(1, randomBody(t, w, rand.New(rand.NewPCG(5, 6))))
	perBatch := func(n int) float64 {
		list := slices.Repeat([][]byte{body}, n)
		list[0] = framed(1, nil) // a dead one, so that every column has a validity
		in := records(0, bodies(list...)...)
		through(t, d, in)
		return testing.AllocsPerRun(5, func() { through(t, d, in) })
	}
	if few, many := perBatch(100), perBatch(1000); many > few+100 {
		t.Errorf("%v allocations for 100 rows, %v for 1000", few, many)
	}
}
