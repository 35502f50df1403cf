package stages

import (
	"bytes"
	"strings"
	"testing"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// A string is copied and judged word by word: of every length, in front of other
// bytes or of none, whether the arena has room or not, and with what isn't UTF-8
// at any place.
func TestAStringOfEveryLengthIsItselfOrRefused(t *testing.T) {
	const most = 70
	for n := range most {
		for behind := range 10 {
			data := bytes.Repeat([]byte{0xff}, n+behind) // what is behind it is nobody's text
			copy(data, strings.Repeat("x", n))
			for _, room := range []int{0, n, n + 7, 2 * most} {
				c := textColumn(room)
				if !appendText(&c, data, n) || string(c.Slice(1)) != strings.Repeat("x", n) || string(c.Slice(0)) != "ab" {
					t.Fatalf("%d bytes with %d behind them and room for %d: %q", n, behind, room, c.Bytes)
				}
				for i := range n {
					data[i] = 0xff
					if appendText(&c, data, n) || c.Len() != 2 || len(c.Bytes) != 2+n {
						t.Fatalf("byte %d of %d is wrong, with %d behind: %d rows, %d bytes", i, n, behind, c.Len(), len(c.Bytes))
					}
					data[i] = 'x'
				}
			}
		}
	}
}

// textColumn has one row, and room for some bytes more.
func textColumn(room int) feature.Column {
	c := feature.NewColumn(feature.Field{Name: "s", Kind: feature.String})
	c.Bytes = append(make([]byte, 0, 2+room), "ab"...)
	c.Offsets = append(c.Offsets, 2)
	return c
}

// Records are shared with their source, so that a batch that another follows in
// must not write into what lies behind its own.
func TestABatchSharesItsRecordsAndNoOthers(t *testing.T) {
	d, _ := opened(t, Decode{Group: feature.Group{Name: "g", PrimaryKey: []string{"k"}}, Schema: `{"type":"record","name":"R","fields":[{"name":"k","type":"string"}]}`})
	log := bodies([]byte("\x02a"), []byte("\x02"), []byte("\x02c"), []byte("\x02d"))
	in := records(0, log...)
	whole := in.List
	in.List, in.Span.To = whole[:2], 2
	rows := through(t, d, in)
	if &rows.Records[0] != &whole[0] || rows.Len() != 2 {
		t.Errorf("%d records, of their own", rows.Len())
	}
	rows.Extend(rows.Fork())
	if whole[2].Offset != 2 || string(whole[2].Value) != "\x02c" {
		t.Errorf("the record behind the batch is %v now", whole[2])
	}
}
