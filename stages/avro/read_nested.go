package avro

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// fields reads a struct.
func (o *op) fields(c *cursor, to *feature.Column) {
	for i := range o.parts {
		f := &o.parts[i]
		f.read(c, &to.Children[f.column])
		if c.err != nil {
			c.err = fmt.Errorf("field %q: %w", f.name, c.err)
			return
		}
	}
}

// blocks reads blocks of a list's items or a map's entries until an empty one.
// Each takes a byte or more, so the loop is bounded by the payload.
func (o *op) blocks(c *cursor, to *feature.Column) {
	for {
		n, end := c.block(o.size)
		if o.code == opMap {
			o.entries(c, to, n)
		} else {
			o.parts[0].items(c, to.Elem(), n)
		}
		if end >= 0 && c.err == nil && c.at != end {
			c.fail(errBlock)
		}
		if n == 0 || c.err != nil {
			break
		}
	}
	if o.code == opMap && c.err == nil {
		distinct(c, to)
	}
	to.Close()
}

// items reads n items. Embeddings are long lists of floats: those are copied
// from the payload.
func (o *op) items(c *cursor, to *feature.Column, n int) {
	if o.code != opFloat || o.nullable {
		for range n {
			o.read(c, to)
			if c.err != nil {
				return
			}
		}
		return
	}
	b := c.skip(4 * n)
	to.Float32s = slices.Grow(to.Float32s, len(b)/4)
	for ; len(b) >= 4; b = b[4:] {
		to.Float32s = append(to.Float32s, math.Float32frombits(binary.LittleEndian.Uint32(b)))
	}
}

var mapKey = op{code: opString}

// entries reads n entries of a map.
func (o *op) entries(c *cursor, to *feature.Column, n int) {
	keys, values := to.Entries()
	for range n {
		mapKey.read(c, keys)
		o.parts[0].read(c, values)
		if c.err != nil {
			return
		}
	}
}

// distinct refuses the map just read if it has a key twice: which of the two
// values counts, nobody says.
func distinct(c *cursor, to *feature.Column) {
	keys, _ := to.Entries()
	from, n := int(to.Offsets[len(to.Offsets)-1]), keys.Len()
	ascending := true
	for i := from + 1; i < n && ascending; i++ {
		ascending = bytes.Compare(keys.Slice(i-1), keys.Slice(i)) < 0
	}
	if ascending {
		return
	}
	c.order = c.order[:0]
	for i := from; i < n; i++ {
		c.order = append(c.order, i)
	}
	slices.SortFunc(c.order, func(a, b int) int { return bytes.Compare(keys.Slice(a), keys.Slice(b)) })
	for i := 1; i < len(c.order); i++ {
		if key := keys.Slice(c.order[i]); bytes.Equal(keys.Slice(c.order[i-1]), key) {
			c.fail(fmt.Errorf("key %.40q: %w", key, ErrDuplicateKey))
			return
		}
	}
}
