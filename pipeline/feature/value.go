package feature

import (
	"fmt"
	"maps"
	"slices"
)

// Value is row i as nil, bool, int32, int64, float32, float64, string, []byte,
// []any of a List, or map[string]any of a Map or a Struct. Decimals and UUIDs
// are the bytes that Column holds.
func (c *Column) Value(i int) any {
	if c.Null(i) {
		return nil
	}
	switch c.Field.Kind {
	case Bool:
		return c.Bools[i]
	case Int32:
		return c.Int32s[i]
	case Int64:
		return c.Int64s[i]
	case Float32:
		return c.Float32s[i]
	case Float64:
		return c.Float64s[i]
	case String:
		return string(c.Slice(i))
	case Bytes:
		return slices.Clone(c.Slice(i))
	case Struct:
		fields := make(map[string]any, len(c.Children))
		for k := range c.Children {
			fields[c.Children[k].Field.Name] = c.Children[k].Value(i)
		}
		return fields
	}
	from, to := c.Items(i)
	if c.Field.Kind == Map {
		keys, values := c.Entries()
		entries := make(map[string]any, to-from)
		for j := from; j < to; j++ {
			entries[string(keys.Slice(j))] = values.Value(j)
		}
		return entries
	}
	items := make([]any, 0, to-from)
	for j := from; j < to; j++ {
		items = append(items, c.Elem().Value(j))
	}
	return items
}

// Append adds what Value returns. It is for tests and for people; decoders
// append to the slices. After an error the column is as it was.
func (c *Column) Append(v any) error {
	if v == nil {
		c.AppendNull()
		return nil
	}
	n := c.Len()
	if err := c.appendValue(v); err != nil {
		c.Truncate(n)
		return err
	}
	c.MarkValid()
	return nil
}

func (c *Column) appendValue(v any) error {
	k := c.Field.Kind
	switch v := v.(type) {
	case bool:
		if k == Bool {
			c.Bools = append(c.Bools, v)
			return nil
		}
	case int32:
		if k == Int32 {
			c.Int32s = append(c.Int32s, v)
			return nil
		}
	case int64:
		if k == Int64 {
			c.Int64s = append(c.Int64s, v)
			return nil
		}
	case float32:
		if k == Float32 {
			c.Float32s = append(c.Float32s, v)
			return nil
		}
	case float64:
		if k == Float64 {
			c.Float64s = append(c.Float64s, v)
			return nil
		}
	default:
		return c.appendVarying(v)
	}
	return c.refuse(v)
}

// appendVarying adds a value that has no fixed size.
func (c *Column) appendVarying(v any) error {
	k := c.Field.Kind
	switch v := v.(type) {
	case string:
		if k == String {
			c.Bytes = append(c.Bytes, v...)
			c.Offsets = append(c.Offsets, uint32(len(c.Bytes)))
			return nil
		}
	case []byte:
		if k == Bytes && c.Field.holds(v) {
			c.Bytes = append(c.Bytes, v...)
			c.Offsets = append(c.Offsets, uint32(len(c.Bytes)))
			return nil
		}
	case []any:
		if k == List {
			return c.appendList(v)
		}
	case map[string]any:
		switch k {
		case Map:
			return c.appendMap(v)
		case Struct:
			return c.appendStruct(v)
		}
	}
	return c.refuse(v)
}

func (c *Column) refuse(v any) error {
	if b, ok := v.([]byte); ok && c.Field.Kind == Bytes {
		return fmt.Errorf("column %v can't hold 0x%.20x, which has %d bytes", c.Field, b, len(b))
	}
	return fmt.Errorf("column %v can't hold a %T", c.Field, v)
}

// holds reports whether bytes are a value of a Bytes field.
func (f Field) holds(b []byte) bool {
	if f.Logical == Decimal {
		return len(TrimUnscaled(b)) == len(b) && f.HoldsUnscaled(Unscaled(b))
	}
	return f.Size == 0 || f.Size == len(b)
}

func (c *Column) appendList(items []any) error {
	for i, item := range items {
		if err := c.Elem().Append(item); err != nil {
			return fmt.Errorf("item %d: %w", i, err)
		}
	}
	c.Close()
	return nil
}

func (c *Column) appendMap(m map[string]any) error {
	keys, values := c.Entries()
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if err := values.Append(m[k]); err != nil {
			return fmt.Errorf("entry %q: %w", k, err)
		}
		if err := keys.Append(k); err != nil {
			return err
		}
	}
	c.Close()
	return nil
}

// appendStruct takes a field that isn't there as null.
func (c *Column) appendStruct(m map[string]any) error {
	known := 0
	for i := range c.Children {
		child := &c.Children[i]
		v, ok := m[child.Field.Name]
		if ok {
			known++
		}
		if err := child.Append(v); err != nil {
			return err
		}
	}
	if known < len(m) {
		return fmt.Errorf("column %v has %d of the %d fields given", c.Field, known, len(m))
	}
	return nil
}
