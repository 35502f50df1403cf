package stages

import (
	"math/rand/v2"
	"testing"

	second "github.com/twmb/avro"

	"github.com/tandemdata/tandem/internal/avrorow"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// FuzzDecodeNested holds of nested rows what FuzzDecode does, and that a body
// makes no more room than its length and the schema allow.
func FuzzDecodeNested(f *testing.F) {
	d, _ := opened(f, Decode{Group: rowGroup, Schema: avrorow.NestedSchema})
	s := second.MustParse(plain(avrorow.NestedSchema))
	rng := rand.New(rand.NewPCG(3, 4))
	good := randomBody(f, avrorow.NestedSchema, rng)
	beside := alone(f, d, good)
	for range 8 {
		f.Add(randomBody(f, avrorow.NestedSchema, rng))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		rows, ok := neighbours(t, d, good, beside, body)
		// An item of the list is a byte or more, and 40 in columns.
		if size := rows.Size(); size > 64*(2*len(good)+len(body))+4096 {
			t.Fatalf("%x: %d bytes of columns", body, size)
		}
		if !ok {
			return
		}
		want, ok := opinion(s, rows.Schema.Fields, body)
		if got := spellRow(rows, 1); !ok || got != want {
			t.Fatalf("%x:\n got %s\nwant %s", body, got, want)
		}
	})
}

// FuzzResolve holds that whatever the schemas and the body, both opinions agree
// where both take the body.
func FuzzResolve(f *testing.F) {
	for i := range uint64(8) {
		w, _ := randomSides(rand.New(rand.NewPCG(i, 0)))
		f.Add(i, randomBody(f, w, rand.New(rand.NewPCG(i, 1))))
	}
	f.Fuzz(func(t *testing.T, sides uint64, body []byte) {
		w, r := randomSides(rand.New(rand.NewPCG(sides, 0)))
		s, err := resolved(t, w, r)
		if err != nil {
			return
		}
		d, _ := opened(t, Decode{Group: rowGroup, Schema: r, Format: shelf{w}})
		rows := through(t, d, records(0, bodies(framed(1, body))...))
		if !rows.Pending(0) {
			return
		}
		// The second opinion takes only so many nulls.
		if want, ok := opinion(s, rows.Schema.Fields, body); ok && spellRow(rows, 0) != want {
			t.Fatalf("writer %s\nreader %s\nbody %x\n got %s\nwant %s", w, r, body, spellRow(rows, 0), want)
		}
	})
}

// FuzzSchema holds that whatever a writer's schema says, the group gets no
// column whose name could mean something in CQL, SQL or a path, and a schema
// that is refused adds none.
func FuzzSchema(f *testing.F) {
	for _, field := range []string{addedInt, addedLong, addedRecord, `{"name":"a\"; DROP TABLE x; --","type":["null","int"]}`, `{"name":"../x","type":["null","int"]}`, `{"name":"ROW","type":["null","int"]}`} {
		f.Add(fieldsOf(field))
	}
	f.Add(doubled(3))
	f.Fuzz(func(t *testing.T, schema string) {
		g := growthOf(t, Decode{Group: growing, Schema: fieldsOf(), Format: shelf{}})
		before := g.newest().schema
		_, _, err := g.resolve(1, schema)
		after := g.newest().schema
		if err != nil && after != before {
			t.Fatalf("%v, and the group has grown to %v", err, after)
		}
		for _, column := range after.Fields[len(before.Fields):] {
			if !column.Nullable {
				t.Errorf("column %v can't be null", column)
			}
			safe(t, column)
		}
		_, _ = Decode{Group: rowGroup, Schema: schema}.Describe(nil)
	})
}

func safe(t *testing.T, f feature.Field) {
	if f.Name != "" && feature.CheckName(f.Name) != nil {
		t.Errorf("%q is a name", f.Name)
	}
	for _, child := range f.Children {
		safe(t, child)
	}
}
