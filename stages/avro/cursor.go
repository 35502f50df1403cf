package avro

import (
	"encoding/binary"
	"math"
)

// cursor reads one payload and never takes what isn't there. Readers of
// libraries drop the high bits of a number that is too long, and take some
// truncations for success.
//
// https://hamba.apache.org/docs/1.12.0/specification/#binary-encoding
type cursor struct {
	data []byte
	at   int
	err  error // the first failure; what is read after it is 0

	order []int   // of a map's keys, while they are compared
	inner *cursor // of bodies that stand in bytes of this one; made when the first is read
}

func (c *cursor) reset(data []byte) { c.data, c.at, c.err = data, 0, nil }

// end is the error of the whole payload.
func (c *cursor) end() error {
	if c.err == nil && c.at < len(c.data) {
		return ErrTrailing
	}
	return c.err
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
		v := uint64(c.data[c.at])
		c.at++
		return unzigzag(v)
	}
	return unzigzag(c.varint(10, 1))
}

func (c *cursor) int() int32 {
	if c.at < len(c.data) && c.data[c.at] < 0x80 {
		v := uint64(c.data[c.at])
		c.at++
		return int32(unzigzag(v))
	}
	return int32(unzigzag(c.varint(5, 0x0f)))
}

func unzigzag(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }

// varint reads a number of at most so many bytes, of which the last possible
// one may not be above top.
func (c *cursor) varint(most int, top byte) uint64 {
	var v uint64
	for n, b := range c.data[c.at:min(c.at+most, len(c.data))] {
		v |= uint64(b&0x7f) << (7 * n)
		if b < 0x80 {
			if n == most-1 && b > top {
				c.fail(errOverflow)
				return 0
			}
			c.at += n + 1
			return v
		}
	}
	if c.left() < most {
		c.fail(ErrTruncated)
	} else {
		c.fail(errOverflow)
	}
	return 0
}

// take steps over n bytes.
func (c *cursor) take(n int) bool {
	if n > c.left() {
		c.fail(ErrTruncated)
		return false
	}
	c.at += n
	return true
}

func (c *cursor) bool() bool {
	if !c.take(1) {
		return false
	}
	b := c.data[c.at-1]
	if b > 1 {
		c.fail(errBool)
	}
	return b == 1
}

func (c *cursor) float() float32 {
	if !c.take(4) {
		return 0
	}
	return math.Float32frombits(binary.LittleEndian.Uint32(c.data[c.at-4:]))
}

func (c *cursor) double() float64 {
	if !c.take(8) {
		return 0
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(c.data[c.at-8:]))
}

// bytes appends n bytes to dst.
func (c *cursor) bytes(dst []byte, n int) []byte {
	if !c.take(n) {
		return dst
	}
	return append(dst, c.data[c.at-n:c.at]...)
}

// skip steps over the next n bytes and gives them.
func (c *cursor) skip(n int) []byte {
	if !c.take(n) {
		return nil
	}
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
		c.fail(ErrTruncated)
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
		c.fail(ErrTruncated)
		return 0, -1
	}
	return int(n), end
}
