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
	switch v := v.(type) {
	case bool:
		c.Bools = append(c.Bools, v)
	case int32:
		c.Int32s = append(c.Int32s, v)
	case int64:
		c.Int64s = append(c.Int64s, v)
	case float32:
		c.Float32s = append(c.Float32s, v)
	case float64:
		c.Float64s = append(c.Float64s, v)
	case string:
		c.Bytes = append(c.Bytes, v...)
		c.Offsets = append(c.Offsets, uint32(len(c.Bytes)))
	case []byte:
		c.Bytes = append(c.Bytes, v...)
		c.Offsets = append(c.Offsets, uint32(len(c.Bytes)))
	default:
		if err := c.appendNested(v); err != nil {
			c.Truncate(n)
			return err
		}
	}
	if c.Len() != n+1 {
		return fmt.Errorf("column %v: can't hold a %T", c.Field, v)
	}
	c.MarkValid()
	return nil
}

func (c *Column) appendNested(v any) error {
	switch v := v.(type) {
	case []any:
		if c.Field.Kind != List {
			return nil
		}
		for _, e := range v {
			if err := c.Elem().Append(e); err != nil {
				return err
			}
		}
		c.Close()
	case map[string]any:
		switch c.Field.Kind {
		case Map:
			return c.appendMap(v)
		case Struct:
			return c.appendStruct(v)
		}
	}
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
	for i := range c.Children {
		child := &c.Children[i]
		if err := child.Append(m[child.Field.Name]); err != nil {
			return err
		}
	}
	return nil
}
