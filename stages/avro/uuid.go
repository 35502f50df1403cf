package avro

import (
	"encoding/hex"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// readUUID reads the text of a UUID into its bytes.
func readUUID(c *cursor, to *feature.Column) {
	id, ok := parseUUID(c.skip(c.length()))
	if !ok {
		c.fail(errUUID)
	}
	to.Bytes = append(to.Bytes, id[:]...)
	to.Offsets = append(to.Offsets, uint32(len(to.Bytes)))
}

// parseUUID takes the one form of RFC 9562, in either case.
func parseUUID(text []byte) (id [16]byte, ok bool) {
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return id, false
	}
	at := 0
	for _, part := range [...][]byte{text[:8], text[9:13], text[14:18], text[19:23], text[24:]} {
		n, err := hex.Decode(id[at:], part)
		if err != nil {
			return id, false
		}
		at += n
	}
	return id, true
}
