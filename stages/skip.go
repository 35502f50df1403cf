package stages

import (
	"unicode/utf8"

	"github.com/hamba/avro/v2"
)

// skipper steps over a value that no column takes, as strictly as one is read.
// The type may be any: only columns are flat.
type skipper struct {
	kind  avro.Type
	size  int        // of a fixed, or how many symbols an enum has
	width int        // the fewest bytes that it takes
	parts []*skipper // fields, branches, or the one type of items
}

// maxDepth is how far values that are skipped may be nested: a record may hold
// itself, and the payload alone would let it do so a million times.
const maxDepth = 1000

// compileSkip compiles a type. known are the named types met so far, by full
// name: they may be recursive.
func compileSkip(schema avro.Schema, known map[string]*skipper) *skipper {
	schema = actual(schema)
	named, ok := schema.(avro.NamedSchema)
	if ok && known[named.FullName()] != nil {
		return known[named.FullName()]
	}
	s := &skipper{kind: schema.Type()}
	if ok {
		known[named.FullName()] = s
	}
	switch t := schema.(type) {
	case *avro.RecordSchema:
		s.kind = avro.Record // an error is one too
		for _, f := range t.Fields() {
			s.parts = append(s.parts, compileSkip(f.Type(), known))
			s.width += s.parts[len(s.parts)-1].width
		}
		return s
	case *avro.UnionSchema:
		for _, branch := range t.Types() {
			s.parts = append(s.parts, compileSkip(branch, known))
		}
	case *avro.ArraySchema:
		s.parts = []*skipper{compileSkip(t.Items(), known)}
	case *avro.MapSchema:
		s.parts = []*skipper{compileSkip(t.Values(), known)}
	case *avro.EnumSchema:
		s.size = len(t.Symbols())
	case *avro.FixedSchema:
		s.size, s.width = t.Size(), t.Size()
		return s
	}
	switch s.kind {
	case avro.Null:
	case avro.Float, avro.Double:
		s.width = primitives[s.kind].width
	default:
		s.width = 1
	}
	return s
}

// actual is what a reference refers to.
func actual(schema avro.Schema) avro.Schema {
	if ref, ok := schema.(*avro.RefSchema); ok {
		return ref.Schema()
	}
	return schema
}

func (s *skipper) skip(c *cursor, depth int) {
	switch s.kind {
	case avro.Boolean:
		c.bool()
	case avro.Int:
		c.int()
	case avro.Long:
		c.long()
	case avro.Float, avro.Double:
		c.skip(s.width)
	case avro.Fixed:
		c.skip(s.size)
	case avro.Bytes:
		c.skip(c.length())
	case avro.String:
		skipString(c)
	case avro.Enum:
		if i := c.int(); uint(i) >= uint(s.size) {
			c.fail(errSymbol)
		}
	case avro.Record, avro.Union, avro.Array, avro.Map:
		s.skipNested(c, depth+1)
	}
}

func skipString(c *cursor) {
	if !utf8.Valid(c.skip(c.length())) {
		c.fail(errUTF8)
	}
}

func (s *skipper) skipNested(c *cursor, depth int) {
	if depth > maxDepth {
		c.fail(errDepth)
		return
	}
	switch s.kind {
	case avro.Record:
		for _, p := range s.parts {
			if p.skip(c, depth); c.err != nil {
				return
			}
		}
	case avro.Union:
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
	if s.kind == avro.Map {
		width++ // of the key
	}
	for {
		n, end := c.block(width)
		rest := n
		if width == 0 {
			rest = min(n, 1) // as many as one likes take no bytes
		}
		for ; rest > 0 && c.err == nil; rest-- {
			if s.kind == avro.Map {
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
