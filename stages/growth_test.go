package stages

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/stages/wire"
)

// fieldsOf is a record schema of a key and more fields.
func fieldsOf(fields ...string) string {
	return `{"type":"record","name":"Row","fields":[` + strings.Join(append([]string{`{"name":"k","type":"string"}`}, fields...), ",") + `]}`
}

const (
	addedInt    = `{"name":"n","type":["null","int"],"default":null}`
	addedLong   = `{"name":"n","type":["long","null"]}`
	addedRecord = `{"name":"r","type":{"type":"record","name":"R","fields":[{"name":"x","type":"int"}]},"default":{"x":1}}`
)

var growing = feature.Group{Name: "row", PrimaryKey: []string{"k"}, Evolve: true}

// growthOf is what the lanes of one node share.
func growthOf(t testing.TB, d Decode) *growth {
	t.Helper()
	c, err := d.compile()
	if err != nil {
		t.Fatal(err)
	}
	return newGrowth(c)
}

// grower are the lanes of one node.
func grower(t testing.TB, lanes int, d Decode) ([]decoding, *letters) {
	t.Helper()
	g, l := growthOf(t, d), &letters{}
	list := make([]decoding, lanes)
	for i := range list {
		list[i] = newDecoder(d, g.newest(), g, l.node())
	}
	return list, l
}

// key is the start of a body: the key "x".
func key(rest ...byte) []byte { return append([]byte{2, 'x'}, rest...) }

func TestWhatAWriterAddsBecomesAColumnOrMakesItIncompatible(t *testing.T) {
	const reader = `{"type":"record","name":"Row","fields":[{"name":"k","type":"string","aliases":["old"]},
		{"name":"p","type":["null",{"type":"record","name":"P","fields":[{"name":"x","type":"int"}]}],"default":null}]}`
	const same = `k string, p struct<x int32>?`
	for name, c := range map[string]struct{ field, want string }{
		"nullable":               {addedInt, same + ", n int32?"},
		"null last":              {addedLong, same + ", n int64?"},
		"a default":              {`{"name":"n","type":"int","default":"wrong, but no matter"}`, same + ", n int32?"},
		"a null default":         {`{"name":"n","type":["null","int"],"default":null}`, same + ", n int32?"},
		"a record":               {addedRecord, same + ", r struct<x int32>?"},
		"null":                   {`{"name":"n","type":"null"}`, same},
		"required":               {`{"name":"n","type":"int"}`, `added field "n": it is neither nullable nor has it a default`},
		"no column":              {`{"name":"n","type":["null","int","string"]}`, `added field "n": a union`},
		"a nested required":      {`{"name":"n","type":{"type":"array","items":["int","string"]},"default":[]}`, `added field "n": items: a union`},
		"a reserved name":        {`{"name":"Tandem_Offset","type":["null","int"]}`, `the stores' own`},
		"a name but for case":    {`{"name":"K","type":["null","int"]}`, `"k" is a column already`},
		"a long name":            {`{"name":"` + strings.Repeat("n", 41) + `","type":["null","int"]}`, `want 1 to 40`},
		"an alias of the reader": {`{"name":"old","type":["null","int"]}`, `an alias of "k"`},
		"in a nested record": {
			`{"name":"p","type":{"type":"record","name":"P","fields":[{"name":"x","type":"int"},{"name":"y","type":["null","int"]}]}}`,
			`field "p": field "y": the reader's record P doesn't have it, and a group grows by whole columns only`,
		},
		"of a type that doesn't resolve": {`{"name":"n","type":["null","int"]},{"name":"p","type":"int"}`, `field "p": int can't be read as record`},
	} {
		t.Run(name, func(t *testing.T) {
			d := Decode{Group: growing, Schema: reader, Format: shelf{}}
			g := growthOf(t, d)
			_, _, err := g.resolve(1, fieldsOf(c.field))
			grown := g.newest().schema.String()
			if err != nil {
				if kindOf(err) != "incompatible-schema" || !strings.Contains(err.Error(), c.want) || grown != same {
					t.Errorf("got %v, and the columns %s", err, grown)
				}
			} else if grown != c.want {
				t.Errorf("got %s, want %s", grown, c.want)
			}
		})
	}
}

// grownRow writes the columns that a row has, as if the group had never grown.
func grownRow(r *feature.Rows, i int) string {
	var b strings.Builder
	for c, f := range r.Schema.Fields {
		if c == 0 || !r.Columns[c].Null(i) {
			fmt.Fprintf(&b, "%s=%v ", f.Name, r.Columns[c].Value(i))
		}
	}
	return strings.TrimSpace(b.String())
}

func wantRows(t *testing.T, r *feature.Rows, want ...string) {
	t.Helper()
	for i := range want {
		if got := grownRow(r, i); got != want[i] {
			t.Errorf("row %d: got %s, want %s", i, got, want[i])
		}
	}
	if r.Len() != len(want) {
		t.Errorf("%d rows, want %d", r.Len(), len(want))
	}
}

func TestABatchInWhichTheGroupGrowsHasOneSchemaAndSendsEveryLetterOnce(t *testing.T) {
	old, required := fieldsOf(), fieldsOf(`{"name":"z","type":"int"}`)
	lanes, l := grower(t, 1, Decode{Group: growing, Schema: old, Format: shelf{old, fieldsOf(addedInt), required, fieldsOf(addedRecord, addedInt)}})
	list := bodies(framed(1, key()), framed(1, nil), framed(2, key(2, 14)), framed(3, key(2)), framed(4, key(8, 2, 16)), framed(1, key()), framed(2, key(0)), framed(0, key()))
	rows := through(t, lanes[0], records(0, list...))
	if got, want := rows.Schema.String(), "k string, n int32?, r struct<x int32>?"; got != want {
		t.Errorf("columns %s, want %s", got, want)
	}
	wantOutcomes(t, rows, "written dead written dead written written written written")
	wantRows(t, rows, "k=x", "k=<nil>", "k=x n=7", "k=<nil>", "k=x n=8 r=map[x:4]", "k=x", "k=x", "k=x")
	wantLetters(t, l, "1 truncated", "3 incompatible-schema")
}

func TestLanesAgreeOnOneGrowingSchema(t *testing.T) {
	old := fieldsOf()
	shelves := shelf{old, fieldsOf(addedInt), fieldsOf(addedRecord), fieldsOf(addedLong)}
	lanes, l := grower(t, 2, Decode{Group: growing, Schema: old, Format: shelves})
	at := func(lane int, values ...[]byte) *feature.Rows {
		return through(t, lanes[lane], records(0, bodies(values...)...))
	}
	first := at(0, framed(2, key(2, 14)))
	second := at(1, framed(3, key(8)))
	if a, b := first.Schema.String(), second.Schema.String(); !strings.HasPrefix(b, a) || b != "k string, n int32?, r struct<x int32>?" {
		t.Errorf("lane 0 has %s, lane 1 %s", a, b)
	}
	// A lane that meets no new writer stays where it is: its schema begins the other's.
	if third := at(0, framed(2, key(0))); third.Schema != first.Schema {
		t.Errorf("lane 0 went on to %v", third.Schema)
	}
	// A long can't be read as the int that n has become.
	wantOutcomes(t, at(0, framed(4, key(0, 14)), framed(2, key(2, 14))), "dead written")
	wantLetters(t, l, "0 incompatible-schema")
}

func TestARowIsTheSameBeforeAndAfterTheGroupHasGrown(t *testing.T) {
	old, withDefault := fieldsOf(), fieldsOf(`{"name":"n","type":"int","default":9}`)
	d := Decode{Group: growing, Schema: old, Format: shelf{old, withDefault}, KeySchema: `"string"`}
	list := bodies(framed(1, key()), framed(2, key(8)), framed(1, key()), framed(2, key(8)), framed(1, key()))
	once, _ := grower(t, 1, d)
	want := []string{"k=x", "k=x n=4", "k=x", "k=x n=4", "k=x"}
	wantRows(t, through(t, once[0], records(0, list...)), want...)
	for i := range list { // by a process that starts there
		again, _ := grower(t, 1, d)
		wantRows(t, through(t, again[0], records(0, list[i:]...)), want[i:]...)
	}
	for i := range list { // one by one
		wantRows(t, through(t, once[0], records(0, list[i])), want[i])
	}
}

func TestADuplicateIsOneOnBothSidesOfAGroupsGrowth(t *testing.T) {
	old := fieldsOf(`{"name":"v","type":["null","int"]}`)
	grown := fieldsOf(`{"name":"v","type":["null","int"]}`, addedInt)
	d := Decode{Group: growing, Schema: old, Format: shelf{old, grown}}
	lanes, _ := grower(t, 1, d)
	schema, err := d.Describe(nil)
	if err != nil {
		t.Fatal(err)
	}
	dedup := newDedup(Dedup{}, schema)
	rows := func(first int64, values ...[]byte) *feature.Rows {
		list := bodies(values...)
		for i := range list {
			list[i].Offset += first
		}
		return through(t, pipeline.Stage[*feature.Rows, *feature.Rows](dedup), through(t, lanes[0], records(first, list...)))
	}
	wantOutcomes(t, rows(0, framed(1, key(2, 14))), "written")
	wantOutcomes(t, rows(1, framed(1, key(2, 14)), framed(2, key(2, 14, 0)), framed(2, key(0, 2, 14)), framed(1, key(2, 14))),
		"duplicate duplicate written written")
}

func TestADeleteHasNullInEveryColumnThatTheGroupGot(t *testing.T) {
	old := fieldsOf()
	lanes, _ := grower(t, 1, Decode{Group: growing, Schema: old, Format: nullable{shelf{old, fieldsOf(addedInt)}}})
	list := bodies(framed(2, key(2, 14)), nil)
	list[1].Key = []byte("x")
	rows := through(t, lanes[0], records(0, list...))
	wantOutcomes(t, rows, "written written")
	wantRows(t, rows, "k=x n=7", "k=x")
}

// nullable is a shelf that takes null values for deletes.
type nullable struct{ shelf }

func (n nullable) Unpack(rec *feature.Record) (wire.Envelope, error) {
	if rec.Value == nil {
		return wire.Envelope{}, nil
	}
	return n.shelf.Unpack(rec)
}
