package feature

import (
	"fmt"
	"strings"
)

// maxDepth is how deep types may be nested: deeper ones are a mistake or an attack.
const maxDepth = 32

// check says why a field is no type, down to its children.
func (f Field) check() error { return f.checkAt(0) }

func (f Field) checkAt(depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("types are nested more than %d deep", maxDepth)
	}
	if !f.valid() {
		return fmt.Errorf("%s is no type", f.typeName())
	}
	seen := make(map[string]bool, len(f.Children))
	for _, c := range f.Children {
		if err := c.checkAt(depth + 1); err != nil {
			return err
		}
		if f.Kind != Struct {
			continue
		}
		if err := CheckName(c.Name); err != nil {
			return fmt.Errorf("struct: %w", err)
		}
		// SQL engines fold case here too.
		name := strings.ToLower(c.Name)
		if seen[name] {
			return fmt.Errorf("struct: %q is a field twice", c.Name)
		}
		seen[name] = true
	}
	return nil
}

// valid reports whether kind, logical type, sizes and number of children go together.
func (f Field) valid() bool {
	switch f.Kind {
	case List:
		return f.Logical == Plain && len(f.Children) == 1
	case Map:
		return f.Logical == Plain && len(f.Children) == 2 && f.Children[0].Equal(Field{Kind: String})
	case Struct:
		return f.Logical == Plain && len(f.Children) > 0
	}
	if len(f.Children) > 0 || f.Size < 0 || f.Size > 0 && f.Kind != Bytes {
		return false
	}
	switch f.Logical {
	case Plain:
		return f.Kind > Invalid && f.Kind < List
	case Date, TimeMillis:
		return f.Kind == Int32
	case Decimal:
		return f.Kind == Bytes && f.Precision >= 1 && f.Precision <= MaxPrecision && f.Scale >= 0 && f.Scale <= f.Precision && f.Size == 0
	case UUID:
		return f.Kind == Bytes && f.Size == 16
	case Duration:
		return f.Kind == Bytes && f.Size == 12
	}
	return f.Kind == Int64 && f.Logical < Decimal
}

// canBeKey reports whether the values have one way of being written, and stores can look for them.
func (f Field) canBeKey() bool {
	switch f.Kind {
	case Float32, Float64, List, Map, Struct:
		return false
	}
	return f.Logical != Decimal && f.Logical != Duration
}
