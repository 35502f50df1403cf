package column

import (
	"unicode/utf8"

	"github.com/parquet-go/parquet-go/format"
)

// cutTexts shortens bounds of text: the lower one to how it begins, the upper
// one to the next text after all that begin so. Engines that look at letters
// could take a cut within one, or bytes that are none, for anything: a text that
// isn't UTF-8 has no bounds.
func cutTexts(s *format.Statistics) {
	if !utf8.Valid(s.MinValue) || !utf8.Valid(s.MaxValue) {
		s.MinValue, s.MaxValue = nil, nil
		return
	}
	least, most := beginning(s.MinValue), s.MaxValue
	if len(most) > maxText {
		most = textAfter(beginning(most))
	}
	keepBounds(s, least, most)
}

// cutBytes shortens bounds of bytes.
func cutBytes(s *format.Statistics) {
	least, most := s.MinValue[:min(len(s.MinValue), maxText)], s.MaxValue
	if len(most) > maxText {
		most = bytesAfter(most[:maxText])
	}
	keepBounds(s, least, most)
}

// keepBounds sets both, or none where there is no upper one.
func keepBounds(s *format.Statistics, least, most []byte) {
	if most == nil {
		least = nil
	}
	s.MinValue, s.MaxValue = least, most
}

// beginning are the letters that a text begins with, of so many bytes at most.
func beginning(b []byte) []byte {
	if len(b) <= maxText {
		return b
	}
	n := maxText
	for !utf8.RuneStart(b[n]) {
		n--
	}
	return b[:n]
}

// textAfter is a text that is greater than all that begin with b; nil if there is none.
func textAfter(b []byte) []byte {
	for len(b) > 0 {
		last, size := utf8.DecodeLastRune(b)
		b = b[:len(b)-size]
		switch last++; {
		case last == 0xd800: // surrogates are no letters
			last = 0xe000
			fallthrough
		case last <= utf8.MaxRune:
			return utf8.AppendRune(b[:len(b):len(b)], last)
		}
	}
	return nil
}

// bytesAfter are bytes that are greater than all that begin with b; nil if there are none.
func bytesAfter(b []byte) []byte {
	for n := len(b); n > 0; n-- {
		if b[n-1] != 0xff {
			return append(b[:n-1:n-1], b[n-1]+1)
		}
	}
	return nil
}
