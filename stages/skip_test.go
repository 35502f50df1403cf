package stages

import (
	"strings"
	"testing"
)

// TestAPayloadCantMakeSkippingExpensive holds that neither a count of items that
// take no bytes nor records within records cost more than the payload is long.
func TestAPayloadCantMakeSkippingExpensive(t *testing.T) {
	const writer = `{"type":"record","name":"Row","fields":[{"name":"k","type":"string"},{"name":"n","type":{"type":"array","items":"null"}},
		{"name":"r","type":{"type":"record","name":"R","fields":[{"name":"next","type":["null","R"]}]}}]}`
	d, l := opened(t, Decode{Group: rowGroup, Schema: `{"type":"record","name":"Row","fields":[{"name":"k","type":"string"}]}`, Format: shelf{writer}})
	many := []byte{2, 'x', 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0, 0}
	deep := append([]byte{2, 'x', 0}, []byte(strings.Repeat("\x02", 1<<19)+"\x00")...)
	wantOutcomes(t, through(t, d, records(0, bodies(framed(1, many), framed(1, deep))...)), "written dead")
	wantLetters(t, l, "1 undecodable")
}

func TestWhatIsSkippedIsReadAsStrictly(t *testing.T) {
	const reader = `{"type":"record","name":"Row","fields":[{"name":"k","type":"string"}]}`
	for _, c := range []struct {
		typ, body, kind string
	}{
		{`"null"`, "", ""},
		{`"boolean"`, "\x01", ""},
		{`"boolean"`, "\x02", "undecodable"},
		{`"int"`, "\xff\xff\xff\xff\x1f", "undecodable"},
		{`"long"`, "\xff\xff\xff\xff\x1f", ""},
		{`"float"`, "123", "truncated"},
		{`"double"`, "12345678", ""},
		{`"string"`, "\x02\xff", "invalid-utf8"},
		{`"bytes"`, "\x02\xff", ""},
		{`"bytes"`, "\x01", "undecodable"},
		{`{"type":"fixed","name":"F","size":2}`, "1", "truncated"},
		{`{"type":"enum","name":"E","symbols":["a"]}`, "\x02", "undecodable"},
		{`["null","int"]`, "\x04", "undecodable"},
		{`["null","string"]`, "\x02\x02\xff", "invalid-utf8"},
		{`{"type":"map","values":"int"}`, "\x02\x02a\x02\x00", ""},
		{`{"type":"map","values":"int"}`, "\x02\x02\xff\x02\x00", "invalid-utf8"},
		{`{"type":"map","values":"int"}`, "\x01\x06\x02a\x02\x00", ""},
		{`{"type":"map","values":"int"}`, "\x01\x04\x02a\x02\x00", "undecodable"},
		{`{"type":"array","items":"boolean"}`, "\x04\x00\x02\x00", "undecodable"},
		{`{"type":"array","items":"double"}`, "\x02123", "truncated"},
		{`{"type":"error","name":"R","fields":[{"name":"b","type":"boolean"}]}`, "\x02", "undecodable"},
		{`"int"`, "\x00\x00", "trailing-bytes"},
	} {
		s := newSides()
		s.add(c.typ, "", "")
		w, _ := s.schemas()
		d, l := opened(t, Decode{Group: rowGroup, Schema: reader, Format: shelf{w}})
		rows := through(t, d, records(0, bodies(framed(1, []byte("\x02x"+c.body)))...))
		if rows.Pending(0) != (c.kind == "") || c.kind != "" && l.list[0] != "0 "+c.kind {
			t.Errorf("%s %x: %s %q, want %q", c.typ, c.body, outcomes(rows), l.list, c.kind)
		}
	}
}
