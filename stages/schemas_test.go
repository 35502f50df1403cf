package stages

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	second "github.com/twmb/avro"

	"github.com/tandemdata/tandem/internal/avrorow"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/stages/wire"
)

// shelf is a format of tests: a value is a byte, the schema's number from 1,
// and the body.
type shelf []string

func (s shelf) Unpack(rec *feature.Record) (wire.Envelope, error) {
	return wire.Envelope{Body: rec.Value[1:], Writer: uint64(rec.Value[0])}, nil
}

func (s shelf) Schema(_ context.Context, id uint64) (string, error) {
	if id > uint64(len(s)) {
		return "", wire.ErrUnknownSchema
	}
	return s[id-1], nil
}

// pair is a field's type as it was written and as it is read.
type pair struct {
	w, r string
	says string // "": it resolves; "never"; "some" of the writer's values do
}

var pairs = []pair{
	{w: `"boolean"`, r: `"boolean"`},
	{w: `"int"`, r: `"int"`},
	{w: `"int"`, r: `"long"`},
	{w: `"int"`, r: `"float"`},
	{w: `"int"`, r: `"double"`},
	{w: `"long"`, r: `"float"`},
	{w: `"long"`, r: `"double"`},
	{w: `"float"`, r: `"double"`},
	{w: `"string"`, r: `"bytes"`},
	{w: `"bytes"`, r: `"string"`},
	{w: `"int"`, r: `["null","double"]`},
	{w: `"null"`, r: `["long","null"]`},
	{w: `["null","int"]`, r: `["long","null"]`},
	{w: `["int","null"]`, r: `["null","int"]`},
	{w: `["int","long"]`, r: `"double"`},
	{w: `["int","float","null","long"]`, r: `["null","double"]`},
	{w: `["int"]`, r: `"long"`},
	{w: `{"type":"array","items":"int"}`, r: `{"type":"array","items":"double"}`},
	{w: `{"type":"array","items":"float"}`, r: `{"type":"array","items":["null","float"]}`},
	{w: `{"type":"array","items":["int","null","long"]}`, r: `["null",{"type":"array","items":["null","long"]}]`},
	{w: `{"type":"enum","name":"E#","symbols":["c","a","b"]}`, r: `{"type":"enum","name":"E#","symbols":["a","b","c"]}`},
	{w: `{"type":"enum","name":"E#","symbols":["c","a","z"]}`, r: `{"type":"enum","name":"E#","symbols":["a","b"],"default":"b"}`},
	{w: `{"type":"fixed","name":"F#","size":3}`, r: `["null",{"type":"fixed","name":"F#","size":3}]`},
	{w: `{"type":"fixed","name":"Old#","size":3}`, r: `{"type":"fixed","name":"F#","aliases":["Old#"],"size":3}`},
	{w: `{"type":"int","logicalType":"date"}`, r: `"int"`},
	{w: `{"type":"long","logicalType":"timestamp-millis"}`, r: `{"type":"long","logicalType":"timestamp-millis"}`},
	{w: `"long"`, r: `{"type":"long","logicalType":"timestamp-micros"}`},

	{w: `{"type":"int","logicalType":"date"}`, r: `["null",{"type":"int","logicalType":"date"}]`},
	{w: `{"type":"fixed","name":"F#","size":16,"logicalType":"uuid"}`, r: `{"type":"fixed","name":"F#","size":16,"logicalType":"uuid"}`},
	{w: `{"type":"fixed","name":"F#","size":12}`, r: `["null",{"type":"fixed","name":"F#","size":12,"logicalType":"duration"}]`},
	{w: `{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}`, r: `"bytes"`},
	{w: `{"type":"map","values":"int"}`, r: `{"type":"map","values":["null","double"]}`},
	{w: `["null",{"type":"map","values":["null","string"]}]`, r: `["null",{"type":"map","values":["bytes","null"]}]`},
	{w: `{"type":"array","items":{"type":"array","items":"int"}}`, r: `{"type":"array","items":{"type":"array","items":["null","long"]}}`},
	{
		w: `{"type":"record","name":"a.R#","fields":[{"name":"gone","type":{"type":"map","values":"long"}},{"name":"x","type":"int"},{"name":"n","type":"null"},{"name":"old","type":"string"}]}`,
		r: `{"type":"record","name":"b.R#","fields":[{"name":"new","aliases":["old"],"type":"bytes"},{"name":"x","type":["null","double"]},
			{"name":"m","type":{"type":"map","values":"long"},"default":{"a":1}},{"name":"none","type":"null","default":null}]}`,
	},
	{
		w: `{"type":"array","items":["null",{"type":"record","name":"R#","fields":[{"name":"x","type":"int"}]}]}`,
		r: `["null",{"type":"array","items":["null",{"type":"record","name":"R#","fields":[{"name":"y","type":["null","long"],"default":null},{"name":"x","type":"long"}]}]}]`,
	},
	{
		w: `{"type":"map","values":{"type":"record","name":"R#","fields":[{"name":"p","type":{"type":"record","name":"P#","fields":[{"name":"x","type":"float"}]}},{"name":"q","type":"P#"}]}}`,
		r: `{"type":"map","values":{"type":"record","name":"R#","fields":[{"name":"q","type":["null",{"type":"record","name":"P#","fields":[{"name":"x","type":"double"}]}]},{"name":"l","type":{"type":"array","items":"P#"},"default":[{"x":0.5}]}]}}`,
	},
	{
		w: `["null","int",{"type":"record","name":"R#","fields":[{"name":"x","type":"int"},{"name":"e","type":{"type":"enum","name":"E#","symbols":["a","z"]}}]}]`,
		r: `["null",{"type":"record","name":"R#","fields":[{"name":"e","type":{"type":"enum","name":"E#","symbols":["a","b"],"default":"b"}}]}]`, says: "some",
	},

	{w: `["null","int"]`, r: `"int"`, says: "some"},
	{w: `["null","string"]`, r: `["null","int"]`, says: "some"},
	{w: `["int","string"]`, r: `["null","long"]`, says: "some"},
	{w: `{"type":"enum","name":"E#","symbols":["a","z"]}`, r: `{"type":"enum","name":"E#","symbols":["a","b"]}`, says: "some"},

	{w: `{"type":"map","values":["null","int"]}`, r: `{"type":"map","values":"int"}`, says: "some"},
	{w: `{"type":"record","name":"R#","fields":[{"name":"x","type":["int","null"]}]}`, r: `{"type":"record","name":"R#","fields":[{"name":"x","type":"int"}]}`, says: "some"},

	{w: `{"type":"map","values":"string"}`, r: `{"type":"map","values":"int"}`, says: "never"},
	{w: `{"type":"record","name":"R#","fields":[{"name":"x","type":"int"}]}`, r: `{"type":"map","values":"int"}`, says: "never"},
	{w: `{"type":"record","name":"R#","fields":[{"name":"x","type":"int"}]}`, r: `{"type":"record","name":"Other#","fields":[{"name":"x","type":"int"}]}`, says: "never"},
	{w: `{"type":"record","name":"R#","fields":[{"name":"x","type":"int"}]}`, r: `{"type":"record","name":"R#","fields":[{"name":"x","type":"int"},{"name":"y","type":"int"}]}`, says: "never"},
	{w: `"string"`, r: `{"type":"fixed","name":"F#","size":16,"logicalType":"uuid"}`, says: "never"},
	{w: `"long"`, r: `"int"`, says: "never"},
	{w: `"double"`, r: `"float"`, says: "never"},
	{w: `"float"`, r: `"long"`, says: "never"},
	{w: `"string"`, r: `"long"`, says: "never"},
	{w: `"boolean"`, r: `"int"`, says: "never"},
	{w: `"null"`, r: `"int"`, says: "never"},
	{w: `["string","boolean"]`, r: `["null","long"]`, says: "never"},
	{w: `"int"`, r: `{"type":"array","items":"int"}`, says: "never"},
	{w: `{"type":"map","values":"int"}`, r: `{"type":"array","items":"int"}`, says: "never"},
	{w: `{"type":"array","items":"string"}`, r: `{"type":"array","items":"int"}`, says: "never"},
	{w: `{"type":"enum","name":"Other#","symbols":["a"]}`, r: `{"type":"enum","name":"E#","symbols":["a"]}`, says: "never"},
	{w: `{"type":"fixed","name":"F#","size":4}`, r: `{"type":"fixed","name":"F#","size":3}`, says: "never"},
}

// only are fields of one side.
var onlyWriter = []string{
	`"null"`, `"boolean"`, `"int"`, `"long"`, `"float"`, `"double"`, `"string"`, `"bytes"`, `["null","string",{"type":"map","values":"long"}]`,
	`{"type":"enum","name":"E#","symbols":["a","b"]}`, `{"type":"fixed","name":"F#","size":2}`,
	`{"type":"array","items":{"type":"map","values":["null","double"]}}`, `{"type":"array","items":"null"}`,
	`{"type":"record","name":"R#","fields":[{"name":"x","type":"long"},{"name":"next","type":["null","R#"]}]}`,
	`{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}`,
}

var onlyReader = []string{
	`"boolean","default":true`, `"int","default":-7`, `"long","default":9007199254740991`, `"float","default":1.5`, `"double","default":2`,
	`"string","default":"дефолт"`, `"bytes","default":"\u0000ÿ"`, `["null","long"],"default":null`, `["long","null"],"default":3`,
	`{"type":"enum","name":"E#","symbols":["a","b"]},"default":"b"`, `{"type":"fixed","name":"F#","size":2},"default":"ab"`,
	`{"type":"array","items":"long"},"default":[]`, `{"type":"array","items":["long","null"]},"default":[1,2]`,
	`["null",{"type":"array","items":"float"}],"default":null`, `{"type":"int","logicalType":"date"},"default":5`,
	`{"type":"map","values":["null","long"]},"default":{}`, `{"type":"map","values":{"type":"array","items":"int"}},"default":{"a":[1],"b":[]}`,
	`{"type":"record","name":"R#","fields":[{"name":"x","type":"int"},{"name":"n","type":"null"},{"name":"y","type":["null","double"]},{"name":"s","type":"string","default":"d"}]},"default":{"x":4,"n":null,"y":null}`,
	`["null",{"type":"record","name":"R#","fields":[{"name":"x","type":"int"}]}],"default":null`,
	`{"type":"array","items":{"type":"record","name":"R#","fields":[{"name":"f","type":{"type":"fixed","name":"F#","size":2}}]}},"default":[{"f":"ab"}]`,
	`{"type":"bytes","logicalType":"decimal","precision":4,"scale":2},"default":"\u0000\u0001"`,
	`{"type":"fixed","name":"F#","size":16,"logicalType":"uuid"},"default":"0123456789abcdef"`,
	`{"type":"string","logicalType":"uuid"},"default":"01234567-89ab-CDEF-0123-456789abcdef"`,
	`"null","default":null`,
}

// sides are the schemas of a writer and a reader, from fields of their types.
type sides struct {
	writer, reader []string
	n              int
}

func (s *sides) add(w, r, more string) {
	s.n++
	number := fmt.Sprint(s.n)
	field := func(typ, more string) string {
		return strings.ReplaceAll(fmt.Sprintf(`{"name":"f#","type":%s%s}`, typ, more), "#", number)
	}
	if w != "" {
		s.writer = append(s.writer, field(w, ""))
	}
	if r != "" {
		s.reader = append(s.reader, field(r, more))
	}
}

func (s *sides) schemas() (w, r string) {
	const head = `{"type":"record","name":"Row","fields":[`
	return head + strings.Join(s.writer, ",") + "]}", head + strings.Join(s.reader, ",") + "]}"
}

func newSides() *sides {
	const key = `{"name":"k","type":"string"}`
	return &sides{writer: []string{key}, reader: []string{key}}
}

var rowGroup = feature.Group{Name: "row", PrimaryKey: []string{"k"}}

// randomBody is a random value of a schema.
func randomBody(t testing.TB, schema string, rng *rand.Rand) []byte {
	t.Helper()
	b, err := avrorow.RandomBody(schema, rng)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// resolved is the second opinion on a pair of schemas.
func resolved(t testing.TB, writer, reader string) (*second.Schema, error) {
	t.Helper()
	w, err := second.Parse(plain(writer))
	if err != nil {
		t.Fatal(err)
	}
	r, err := second.Parse(plain(reader))
	if err != nil {
		t.Fatal(err)
	}
	return second.Resolve(w, r)
}

func framed(id byte, body []byte) []byte { return append([]byte{id}, body...) }

// randomSides puts together what resolves, in an order of each side's own.
func randomSides(rng *rand.Rand) (w, r string) {
	s := newSides()
	for range rng.IntN(6) {
		if p := pairs[rng.IntN(len(pairs))]; p.says != "never" {
			s.add(p.w, p.r, "")
		}
	}
	for range rng.IntN(4) {
		s.add(onlyWriter[rng.IntN(len(onlyWriter))], "", "")
	}
	for range rng.IntN(4) {
		typ, def, _ := strings.Cut(onlyReader[rng.IntN(len(onlyReader))], `,"default"`)
		s.add("", typ, `,"default"`+def)
	}
	rng.Shuffle(len(s.writer), func(i, j int) { s.writer[i], s.writer[j] = s.writer[j], s.writer[i] })
	rng.Shuffle(len(s.reader), func(i, j int) { s.reader[i], s.reader[j] = s.reader[j], s.reader[i] })
	return s.schemas()
}
