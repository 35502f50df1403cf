package avro

import (
	"unicode/utf8"

	hamba "github.com/hamba/avro/v2"
)

// skipper steps over a value that no column takes, as strictly as one is read.
// The type may be any: only columns are flat.
type skipper struct {
	kind  hamba.Type
	size  int        // of a fixed, or how many symbols an enum has
	width int        // the fewest bytes that it takes
	parts []*skipper // fields, branches, or the one type of items
}

// maxDepth is how far values that are skipped may be nested: a record may hold
// itself, and the payload alone would let it do so a million times.
const maxDepth = 1000

// compileSkip compiles a type. known are the named types met so far, by full
// name: they may be recursive.
func compileSkip(schema hamba.Schema, known map[string]*skipper) *skipper {
	schema = actual(schema)
	named, ok := schema.(hamba.NamedSchema)
	if ok && known[named.FullName()] != nil {
		return known[named.FullName()]
	}
	s := &skipper{kind: schema.Type()}
	if ok {
		known[named.FullName()] = s
	}
	switch t := schema.(type) {
	case *hamba.RecordSchema:
		s.kind = hamba.Record // an error is one too
		for _, f := range t.Fields() {
			s.parts = append(s.parts, compileSkip(f.Type(), known))
			s.width += s.parts[len(s.parts)-1].width
		}
		return s
	case *hamba.UnionSchema:
		for _, branch := range t.Types() {
			s.parts = append(s.parts, compileSkip(branch, known))
		}
	case *hamba.ArraySchema:
		s.parts = []*skipper{compileSkip(t.Items(), known)}
	case *hamba.MapSchema:
		s.parts = []*skipper{compileSkip(t.Values(), known)}
	case *hamba.EnumSchema:
		s.size = len(t.Symbols())
	case *hamba.FixedSchema:
		s.size, s.width = t.Size(), t.Size()
		return s
	}
	switch s.kind {
	case hamba.Null:
	case hamba.Float, hamba.Double:
		s.width = primitives[s.kind].width
	default:
		s.width = 1
	}
	return s
}

func (s *skipper) skip(c *cursor, depth int) {
	switch s.kind {
	case hamba.Boolean:
		c.bool()
	case hamba.Int:
		c.int()
	case hamba.Long:
		c.long()
	case hamba.Float, hamba.Double:
		c.skip(s.width)
	case hamba.Fixed:
		c.skip(s.size)
	case hamba.Bytes:
		c.skip(c.length())
	case hamba.String:
		skipString(c)
	case hamba.Enum:
		if i := c.int(); uint(i) >= uint(s.size) {
			c.fail(errSymbol)
		}
	case hamba.Record, hamba.Union, hamba.Array, hamba.Map:
		s.skipNested(c, depth+1)
	}
}

func skipString(c *cursor) {
	if !utf8.Valid(c.skip(c.length())) {
		c.fail(ErrUTF8)
	}
}

func (s *skipper) skipNested(c *cursor, depth int) {
	if depth > maxDepth {
		c.fail(errDepth)
		return
	}
	switch s.kind {
	case hamba.Record:
		for _, p := range s.parts {
			if p.skip(c, depth); c.err != nil {
				return
			}
		}
	case hamba.Union:
		if b := c.long(); uint64(b) < uint64(len(s.parts)) {
			s.parts[b].skip(c, depth)
		} else {
			c.fail(errBranch)
		}
	default:
		s.skipBlocks(c, depth)
	}
}

// skipBlocks walks an array's or a map's items even where a block says how long
// it is: what is wrong with a record doesn't depend on how it was written.
func (s *skipper) skipBlocks(c *cursor, depth int) {
	item, width := s.parts[0], s.parts[0].width
	if s.kind == hamba.Map {
		width++ // of the key
	}
	for {
		n, end := c.block(width)
		rest := n
		if width == 0 {
			rest = min(n, 1) // as many as one likes take no bytes
		}
		for ; rest > 0 && c.err == nil; rest-- {
			if s.kind == hamba.Map {
				skipString(c)
			}
			item.skip(c, depth)
		}
		if end >= 0 && c.err == nil && c.at != end {
			c.fail(errBlock)
		}
		if n == 0 || c.err != nil {
			return
		}
	}
}
