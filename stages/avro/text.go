package avro

import (
	"encoding/binary"
	"unicode/utf8"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// appendText appends the first n bytes of data, or nothing if they aren't UTF-8.
// Short ones go word by word, with up to seven bytes of what follows them,
// which stay beyond the end of the column: a call would take longer.
func appendText(to *feature.Column, data []byte, n int) bool {
	from := len(to.Bytes)
	end, all := from+n, uint64(0)
	if n > 64 || n+8 > len(data) || end+8 > cap(to.Bytes) {
		if !ascii(data[:n]) && !utf8.Valid(data[:n]) {
			return false
		}
		to.Bytes = append(to.Bytes, data[:n]...)
		to.Offsets = append(to.Offsets, uint32(end))
		return true
	}
	room, i := to.Bytes[from:end+8], 0
	for ; i+8 <= n; i += 8 {
		v := binary.LittleEndian.Uint64(data[i:])
		all |= v
		binary.LittleEndian.PutUint64(room[i:], v)
	}
	v := binary.LittleEndian.Uint64(data[i:])
	all |= v & (1<<(8*(n-i)) - 1)
	if all&highs != 0 && !utf8.Valid(data[:n]) {
		return false
	}
	binary.LittleEndian.PutUint64(room[i:], v)
	to.Bytes = to.Bytes[:end]
	to.Offsets = append(to.Offsets, uint32(end))
	return true
}

// highs are the high bits of eight bytes, which no ASCII text has.
const highs = 0x8080808080808080

// ascii is the quick way to know that most strings are valid.
func ascii(b []byte) bool {
	var all uint64
	for ; len(b) >= 8; b = b[8:] {
		all |= binary.LittleEndian.Uint64(b)
	}
	for _, x := range b {
		all |= uint64(x)
	}
	return all&highs == 0
}
