package sqlite

import (
	"errors"
	"math"
	"path/filepath"
	"testing"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline/feature"
)

func TestPeopleReadMapsAndRecordsAsJSON(t *testing.T) {
	s := Sink{File: filepath.Join(t.TempDir(), "features.db")}
	price := feature.Field{Name: "price", Kind: feature.Bytes, Logical: feature.Decimal, Precision: 38, Scale: 2}
	id := feature.Field{Name: "id", Kind: feature.Bytes, Logical: feature.UUID, Size: 16}
	fixed := feature.Field{Name: "raw", Kind: feature.Bytes, Size: 3}
	life := feature.Field{Name: "life", Kind: feature.Bytes, Logical: feature.Duration, Size: 12}
	score := feature.Field{Name: "score", Kind: feature.Float64, Nullable: true}
	schema, err := feature.NewSchema(feature.Group{Name: "items", PrimaryKey: []string{"id"}}, []feature.Field{
		id, price, fixed, life,
		feature.StructOf("best", score, price, id, fixed, feature.ListOf("tags", feature.Field{Kind: feature.String})),
		feature.MapOf("scores", score),
	})
	if err != nil {
		t.Fatal(err)
	}
	uuid := []byte{0xf8, 0x1d, 0x4f, 0xae, 0x7d, 0xec, 0x11, 0xd0, 0xa7, 0x65, 0x00, 0xa0, 0xc9, 0x1e, 0x6b, 0xf6}
	minusFive, raw := []byte{0xfb}, []byte{1, 2, 0xff}
	best := map[string]any{"score": math.Copysign(0, -1), "price": minusFive, "id": uuid, "raw": raw, "tags": []any{`"`, "\x00"}}
	scores := map[string]any{"z": 1.5, "": nil, `"ä`: math.Inf(1), "a": 0.25}
	put(t, start(t, s, schema), row(schema, 0, uuid, []byte{0x30, 0x39}, raw, make([]byte, 12), best, scores))

	s.want(t, "123.45", `SELECT price FROM items_1 WHERE id = 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6'`)
	s.want(t, "0102FF 12", `SELECT hex(raw) || ' ' || length(life) FROM items_1`)
	s.want(t, `{"score":-0.0,"price":"-0.05","id":"f81d4fae-7dec-11d0-a765-00a0c91e6bf6","raw":"0x0102ff","tags":["\"","\u0000"]}`, `SELECT best FROM items_1`)
	s.want(t, `{"":null,"\"ä":"Infinity","a":0.25,"z":1.5}`, `SELECT scores FROM items_1`)
	s.want(t, "-0.05", `SELECT best ->> 'price' FROM items_1`)
	s.want(t, `"`, `SELECT json_extract(best, '$.tags[0]') FROM items_1`)
	s.want(t, "1.75", `SELECT sum(value) FROM items_1, json_each(scores) WHERE json_each.type = 'real'`)
}

func TestDecimalsAreWrittenWithAllDigitsOfTheirScale(t *testing.T) {
	for _, c := range []struct {
		precision, scale int
		unscaled         []byte
		want             string
	}{
		{4, 0, []byte{0}, "0"},
		{4, 0, []byte{0x80}, "-128"},
		{4, 2, []byte{0}, "0.00"},
		{4, 4, []byte{1}, "0.0001"},
		{4, 4, []byte{0xff}, "-0.0001"},
		{4, 4, []byte{0xd8, 0xf1}, "-0.9999"},
		{4, 1, []byte{0x27, 0x0f}, "999.9"},
	} {
		f := feature.Field{Kind: feature.Bytes, Logical: feature.Decimal, Precision: c.precision, Scale: c.scale}
		column := feature.NewColumn(f)
		if err := column.Append(c.unscaled); err != nil {
			t.Fatal(err)
		}
		got := string(appendBytes(nil, &column, 0))
		back, err := parseBytes(f, got)
		if got != c.want || err != nil || string(back) != string(c.unscaled) {
			t.Errorf("%x with %d after the point: %s, want %s; read back as %x (%v)", c.unscaled, c.scale, got, c.want, back, err)
		}
	}
}

func TestTextThatNoSinkWroteIsAnError(t *testing.T) {
	decimal := feature.Field{Kind: feature.Bytes, Logical: feature.Decimal, Precision: 4, Scale: 2}
	for _, c := range []struct {
		f    feature.Field
		text string
	}{
		{decimal, "1"},
		{decimal, "1.234"},
		{decimal, "123.00"},
		{decimal, "x.00"},
		{decimal, ""},
		{feature.MapOf("m", decimal), `{"a":"1"}`},
		{feature.MapOf("m", decimal), `[]`},
		{feature.MapOf("m", decimal), `{`},
		{feature.StructOf("s", rowgen.Types()[0]), `{}`},
		{feature.StructOf("s", rowgen.Types()[0]), `{"a_bool":true,"b":1}`},
		{feature.ListOf("l", rowgen.Types()[1]), `[1.5]`},
		{feature.ListOf("l", rowgen.Types()[6]), `["6162"]`},
		{rowgen.Types()[9], "f81d4fae"},
		{feature.ListOf("l", rowgen.Types()[10]), `["0x00"]`},
		{feature.ListOf("l", rowgen.Types()[1]), `[true]`},
		{feature.ListOf("l", rowgen.Types()[0]), `{}`},
	} {
		if got, err := decode(c.f, c.text); err == nil {
			t.Errorf("%v from %q: %v", c.f, c.text, got)
		}
	}
}

func TestAMapIsWrittenInTheOrderOfItsKeys(t *testing.T) {
	c := feature.NewColumn(feature.MapOf("m", feature.Field{Kind: feature.Int32}))
	keys, values := c.Entries()
	for i, k := range []string{"b", "a", "c", ""} {
		if err := errors.Join(keys.Append(k), values.Append(int32(i))); err != nil {
			t.Fatal(err)
		}
	}
	c.Close()
	if got, want := string(appendJSON(nil, &c, 0)), `{"":3,"a":1,"b":0,"c":2}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
