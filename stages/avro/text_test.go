package avro

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
		for after := range 10 {
			data := bytes.Repeat([]byte{0xff}, n+after) // what follows it is no text
			copy(data, strings.Repeat("x", n))
			for _, room := range []int{0, n, n + 7, 2 * most} {
				c := textColumn(room)
				if !appendText(&c, data, n) || string(c.Slice(1)) != strings.Repeat("x", n) || string(c.Slice(0)) != "ab" {
					t.Fatalf("%d bytes with %d after them and room for %d: %q", n, after, room, c.Bytes)
				}
				for i := range n {
					data[i] = 0xff
					if appendText(&c, data, n) || c.Len() != 2 || len(c.Bytes) != 2+n {
						t.Fatalf("byte %d of %d is wrong, with %d after: %d rows, %d bytes", i, n, after, c.Len(), len(c.Bytes))
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
