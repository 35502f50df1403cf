package insync

import "github.com/tandemdata/tandem/pipeline/feature"

// digest stands for the row's key, whose bytes it leaves in buf.
func (c *comparison) digest(row feature.Stored) feature.Digest {
	c.buf = c.buf[:0]
	for _, k := range c.schema.Keys() {
		c.buf = feature.AppendValue(c.buf, row.Values[k])
	}
	return feature.DigestOf(c.buf)
}

func (c *comparison) content(row feature.Stored) []byte {
	c.buf = c.buf[:0]
	for _, v := range row.Values {
		c.buf = feature.AppendValue(c.buf, v)
	}
	return c.buf
}
