package parquet_test

import (
	"testing"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// The bounds and indexes of files hold for keys of a fixed length too: a
// key that is written again is found in whichever file it is.
func TestKeysOfAFixedLengthAreFoundAgain(t *testing.T) {
	for _, key := range []feature.Field{
		{Name: "id", Kind: feature.Bytes, Logical: feature.UUID, Size: 16},
		{Name: "id", Kind: feature.Bytes, Size: 4},
		{Name: "id", Kind: feature.Bytes, Size: 16},
	} {
		s := sinkIn(t)
		schema, err := feature.NewSchema(feature.Group{Name: "fixed_keys", PrimaryKey: []string{"id"}},
			[]feature.Field{key, {Name: "amount", Kind: feature.Int64}})
		if err != nil {
			t.Fatal(err)
		}
		g := &rowgen.Gen{Schema: schema, Seed: 5, Keys: 300, Extremes: true}
		x := open(t, s, schema)
		l := x.lane(0)
		keys := map[string]bool{}
		for i := range int64(6) {
			rows := g.Batch(at(0), 100*i, 100)
			for k := range rows.Len() {
				keys[string(rows.Key(k))] = true
			}
			x.write(l, rows)
			x.flush()
		}
		if len(keys) < 100 || len(keys) > 500 {
			t.Fatalf("%d keys in 600 rows: none is written again, or all are one", len(keys))
		}
		if n := countArrow(t, s, schema.Group.Table()); n != len(keys) {
			t.Errorf("%v: %d rows of %d keys", key, n, len(keys))
		}
	}
}
