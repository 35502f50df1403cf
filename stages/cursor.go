package stages

import (
	"math"

	"github.com/hamba/avro/v2"
)

// cursor reads one payload through hamba's Reader and never asks it for what
// isn't there. The Reader hides its position, drops the high bits of a number
// that is too long, and takes some truncations for success; so each value is
// measured in the payload first.
type cursor struct {
	r    *avro.Reader
	data []byte
	at   int
	err  error // the first failure; what is read after it is 0

	order []int // of a map's keys, while they are compared
}

func newCursor() cursor { return cursor{r: avro.NewReader(nil, 0)} }

func (c *cursor) reset(data []byte) {
	c.r.Reset(data)
	c.r.Error = nil // Reset keeps the old one
	c.data, c.at, c.err = data, 0, nil
}

// end is the error of the whole payload.
func (c *cursor) end() error {
	switch {
	case c.err != nil:
		return c.err
	case c.at < len(c.data):
		return errTrailing
	}
	return c.r.Error // nil, unless what was measured isn't what was read
}

// fail notes an error and leaves nothing to read.
func (c *cursor) fail(err error) {
	if c.err == nil {
		c.err = err
	}
	c.at = len(c.data)
}

func (c *cursor) left() int { return len(c.data) - c.at }

func (c *cursor) long() int64 {
	if c.at < len(c.data) && c.data[c.at] < 0x80 {
		c.at++
		return c.r.ReadLong()
	}
	if !c.varint(10, 1) {
		return 0
	}
	return c.r.ReadLong()
}

func (c *cursor) int() int32 {
	if c.at < len(c.data) && c.data[c.at] < 0x80 {
		c.at++
	} else if !c.varint(5, 0x0f) {
		return 0
	}
	return c.r.ReadInt()
}

// varint steps over a number of at most so many bytes, of which the last
// possible one may not be above top.
func (c *cursor) varint(most int, top byte) bool {
	for n, b := range c.data[c.at:min(c.at+most, len(c.data))] {
		if b < 0x80 {
			if n == most-1 && b > top {
				c.fail(errOverflow)
				return false
			}
			c.at += n + 1
			return true
		}
	}
	if c.left() < most {
		c.fail(errTruncated)
	} else {
		c.fail(errOverflow)
	}
	return false
}

// take steps over n bytes.
func (c *cursor) take(n int) bool {
	if n > c.left() {
		c.fail(errTruncated)
		return false
	}
	c.at += n
	return true
}

func (c *cursor) bool() bool {
	if !c.take(1) {
		return false
	}
	if c.data[c.at-1] > 1 {
		c.fail(errBool)
		return false
	}
	return c.r.ReadBool()
}

func (c *cursor) float() float32 {
	if !c.take(4) {
		return 0
	}
	return c.r.ReadFloat()
}

func (c *cursor) double() float64 {
	if !c.take(8) {
		return 0
	}
	return c.r.ReadDouble()
}

// bytes appends n bytes to dst.
func (c *cursor) bytes(dst []byte, n int) []byte {
	if !c.take(n) {
		return dst
	}
	c.r.SkipNBytes(n)
	return append(dst, c.data[c.at-n:c.at]...)
}

// skip steps over the next n bytes and gives them.
func (c *cursor) skip(n int) []byte {
	if !c.take(n) {
		return nil
	}
	c.r.SkipNBytes(n)
	return c.data[c.at-n : c.at]
}

// length reads the length of what comes next, which fits into what is left.
func (c *cursor) length() int {
	n := c.long()
	switch {
	case n < 0:
		c.fail(errLength)
		return 0
	case n > int64(c.left()):
		c.fail(errTruncated)
		return 0
	}
	return int(n)
}

// block reads the head of a block of items that take at least width bytes
// each, of which 0 bounds nothing: how many there are, and where it must end, or -1 if it doesn't say.
func (c *cursor) block(width int) (count, end int) {
	n, end := c.long(), -1
	if n < 0 {
		if n == math.MinInt64 { // has no positive counterpart
			c.fail(errLength)
			return 0, -1
		}
		n = -n
		end = c.length()
		end += c.at
	}
	if width > 0 && n > int64(c.left()/width) {
		c.fail(errTruncated)
		return 0, -1
	}
	return int(n), end
}
