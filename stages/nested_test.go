package stages

import (
	"fmt"
	"strings"
	"testing"
)

func TestANestedValueIsReadOrNamesWhatIsWrong(t *testing.T) {
	const (
		ints    = `{"type":"map","values":"int"}`
		uuid    = `{"type":"string","logicalType":"uuid"}`
		decimal = `{"type":"bytes","logicalType":"decimal","precision":3,"scale":1}`
		amount  = `{"type":"fixed","name":"A","size":3,"logicalType":"decimal","precision":3,"scale":1}`
		enums   = `{"type":"array","items":{"type":"enum","name":"E","symbols":["a","b"]}}`
		structs = `{"type":"array","items":["null",{"type":"record","name":"R","fields":[{"name":"s","type":"string"},{"name":"b","type":"boolean"}]}]}`
	)
	text := func(s string) string { return string(varints(int64(len(s)))) + s }
	for _, c := range []struct {
		typ, body, want string // v=value, or the kind of the letter
	}{
		{ints, "\x00", "v=map[]"},
		{ints, "\x02\x02a\x02\x02\x02b\x04\x00", "v=map[a:1 b:2]"},
		{ints, "\x03\x0c\x02a\x02\x02b\x04\x00", "v=map[a:1 b:2]"},
		{ints, "\x04\x02a\x02\x02a\x02\x00", "duplicate-key"},
		{ints, "\x02\x02a\x02\x02\x02a\x02\x00", "duplicate-key"},
		{ints, "\x06\x02b\x02\x02a\x02\x02b\x02\x00", "duplicate-key"},
		{ints, "\x02\x02\xff\x02\x00", "invalid-utf8"},
		{ints, "\x80\x80\x80\x80\x10\x02a\x02\x00", "truncated"},
		{ints, "\x01\x04\x02a\x02\x00", "undecodable"},
		{uuid, text("01234567-89ab-CDEF-0123-456789abcdef"), "v=[1 35 69 103 137 171 205 239 1 35 69 103 137 171 205 239]"},
		{uuid, text("0123456789abcdef0123456789abcdef"), "undecodable"},
		{uuid, text("{1234567-89ab-CDEF-0123-456789abcdef"), "undecodable"},
		{uuid, text("01234567-89ab-CDEF-0123-456789abcdeg"), "undecodable"},
		{uuid, text("01234567+89ab-CDEF-0123-456789abcdef"), "undecodable"},
		{uuid, text("01234567-89ab-CDEF-0123-456789abcdef "), "undecodable"},
		{decimal, "\x04\x03\xe7", "v=[3 231]"},
		{decimal, "\x04\xfc\x19", "v=[252 25]"},
		{decimal, "\x04\x03\xe8", "undecodable"},
		{decimal, "\x04\xfc\x18", "undecodable"},
		{decimal, "\x08\x00\x00\x00\x05", "v=[5]"},
		{decimal, "\x08\xff\xff\xff\xfb", "v=[251]"},
		{decimal, "\x00", "v=[0]"},
		{decimal, "\x28" + strings.Repeat("\x7f", 20), "undecodable"},
		{amount, "\x00\x00\x00", "v=[0]"},
		{amount, "\xff\xff\xff", "v=[255]"},
		{amount, "\x7f\xff\xff", "undecodable"},
		{amount, "\x00\x00", "truncated"},
		{enums, "\x04\x02\x00\x00", "v=[b a]"},
		{enums, "\x02\x04\x00", "undecodable"},
		{structs, "\x06\x02\x02x\x01\x00\x02\x00\x00\x00", "v=[map[b:true s:x] <nil> map[b:false s:]]"},
		{structs, "\x06\x02\x02x\x01\x00\x02\x00\x02\x00", "undecodable"},
	} {
		d, l := opened(t, Decode{Group: rowGroup, Schema: fieldsOf(`{"name":"v","type":` + c.typ + `}`)})
		rows := through(t, d, records(0, bodies(key([]byte(c.body)...))...))
		got := strings.TrimPrefix(grownRow(rows, 0), "k=x ")
		if len(l.list) > 0 {
			got = strings.TrimPrefix(l.list[0], "0 ")
		}
		if got != c.want {
			t.Errorf("%s %x: got %s, want %s", c.typ, c.body, got, c.want)
		}
	}
}

// doubled is a record of two of the next, so many deep: it unfolds to 2^n fields.
func doubled(n int) string {
	typ, again := `"int"`, `"int"`
	for i := range n {
		name := fmt.Sprintf("R%d", i)
		typ = fmt.Sprintf(`{"type":"record","name":"%s","fields":[{"name":"a","type":%s},{"name":"b","type":%s}]}`, name, typ, again)
		again = `"` + name + `"`
	}
	return fieldsOf(`{"name":"r","type":` + typ + `}`)
}

func TestASchemaThatUnfoldsWithoutEndIsRefused(t *testing.T) {
	if _, err := (Decode{Group: rowGroup, Schema: doubled(8)}).Describe(nil); err != nil {
		t.Error(err)
	}
	_, err := Decode{Group: rowGroup, Schema: doubled(28)}.Describe(nil)
	if err == nil || !strings.Contains(err.Error(), "unfolds to more than") || len(err.Error()) > 2000 {
		t.Errorf("got %.200v", err)
	}
}
