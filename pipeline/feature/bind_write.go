package feature

import (
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Append adds the struct as the values of one row more to every column. Columns
// that the struct leaves out are null. A time or a decimal that its column can't
// hold is an error; Rows.AddPlaceholder then takes back what was appended.
func (b *Binding) Append(r *Rows, src any) error {
	return b.root.writeMembers(r.Columns, reflect.Indirect(reflect.ValueOf(src)))
}

func (c *codec) writeMembers(columns []Column, v reflect.Value) error {
	given := make([]bool, len(columns))
	for k := range c.members {
		m := &c.members[k]
		given[m.child] = true
		if err := m.write(&columns[m.child], v.FieldByIndex(m.index)); err != nil {
			return err
		}
	}
	for i := range columns {
		if !given[i] {
			columns[i].AppendNull()
		}
	}
	return nil
}

func (c *codec) write(to *Column, v reflect.Value) error {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			to.AppendNull()
			return nil
		}
		v = v.Elem()
	}
	var err error
	switch to.Field.Kind {
	case Bool:
		to.Bools = append(to.Bools, v.Bool())
	case Int32, Int64:
		err = writeInt(to, v)
	case Float32:
		to.Float32s = append(to.Float32s, float32(v.Float()))
	case Float64:
		to.Float64s = append(to.Float64s, v.Float())
	case String:
		to.Bytes = append(to.Bytes, v.String()...)
		to.Offsets = append(to.Offsets, uint32(len(to.Bytes)))
	case Bytes:
		err = writeBytes(to, v)
	case List:
		for j := 0; j < v.Len() && err == nil; j++ {
			err = c.item.write(to.Elem(), v.Index(j))
		}
		to.Close()
	case Map:
		err = c.writeMap(to, v)
	case Struct:
		err = c.writeMembers(to.Children, v)
	}
	to.MarkValid()
	return err
}

func writeBytes(to *Column, v reflect.Value) error {
	if to.Field.Logical == Decimal {
		r := v.Interface().(big.Rat)
		return to.AppendDecimal(&r)
	}
	from := len(to.Bytes)
	if v.Kind() == reflect.Array {
		to.Bytes = append(to.Bytes, make([]byte, v.Len())...)
		reflect.Copy(reflect.ValueOf(to.Bytes[from:]), v)
	} else {
		to.Bytes = append(to.Bytes, v.Bytes()...)
	}
	to.Offsets = append(to.Offsets, uint32(len(to.Bytes)))
	if size := to.Field.Size; size > 0 && len(to.Bytes)-from != size {
		return fmt.Errorf("column %v can't hold %d bytes", to.Field, len(to.Bytes)-from)
	}
	return nil
}

// writeMap writes the keys in order, so that the same map gives the same column.
func (c *codec) writeMap(to *Column, v reflect.Value) error {
	keys, values := to.Entries()
	sorted := slices.SortedFunc(slices.Values(v.MapKeys()), func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	for _, k := range sorted {
		keys.Bytes = append(keys.Bytes, k.String()...)
		keys.Offsets = append(keys.Offsets, uint32(len(keys.Bytes)))
		if err := c.item.write(values, v.MapIndex(k)); err != nil {
			return err
		}
	}
	to.Close()
	return nil
}

// holds reports whether a time fits a column: 64 bits of nanoseconds reach from
// 1677 to 2262, and 32 bits of days or 64 of the other units beyond what anybody means.
func holds(f Field, t time.Time) bool {
	switch f.Logical.Unit() {
	case time.Nanosecond:
		return time.Unix(0, t.UnixNano()).Equal(t)
	case 24 * time.Hour:
		return t.Unix()/86400 == int64(int32(t.Unix()/86400))
	}
	return time.UnixMicro(t.UnixMicro()).Equal(t.Truncate(time.Microsecond))
}

func writeInt(to *Column, v reflect.Value) error {
	x := int64(0)
	if t, ok := v.Interface().(time.Time); !ok {
		x = v.Int()
	} else if x = timeOf(to.Field, t); !holds(to.Field, t) {
		return fmt.Errorf("column %v can't hold %v", to.Field, t)
	}
	if to.Field.Kind == Int32 {
		to.Int32s = append(to.Int32s, int32(x))
	} else {
		to.Int64s = append(to.Int64s, x)
	}
	return nil
}

// timeOf is a time in the unit of a column.
func timeOf(f Field, t time.Time) int64 {
	switch f.Logical.Unit() {
	case 24 * time.Hour:
		days := t.Unix() / 86400
		if t.Unix()%86400 < 0 {
			days--
		}
		return days
	case time.Millisecond:
		return t.UnixMilli()
	case time.Microsecond:
		return t.UnixMicro()
	}
	return t.UnixNano()
}
