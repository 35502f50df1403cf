package feature

import (
	"reflect"
	"time"
)

// Read fills the struct that dst points to from row i.
func (b *Binding) Read(r *Rows, i int, dst any) {
	b.root.readMembers(r.Columns, i, reflect.ValueOf(dst).Elem())
}

func (c *codec) readMembers(columns []Column, i int, v reflect.Value) {
	for k := range c.members {
		m := &c.members[k]
		m.read(&columns[m.child], i, v.FieldByIndex(m.index))
	}
}

func (c *codec) read(from *Column, i int, v reflect.Value) {
	if from.Null(i) {
		v.SetZero()
		return
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	switch from.Field.Kind {
	case Bool:
		v.SetBool(from.Bools[i])
	case Int32:
		readInt(from.Field, int64(from.Int32s[i]), v)
	case Int64:
		readInt(from.Field, from.Int64s[i], v)
	case Float32:
		v.SetFloat(float64(from.Float32s[i]))
	case Float64:
		v.SetFloat(from.Float64s[i])
	case String:
		v.SetString(string(from.Slice(i)))
	case Bytes:
		readBytes(from, i, v)
	case List:
		lo, hi := from.Items(i)
		v.Set(reflect.MakeSlice(v.Type(), hi-lo, hi-lo))
		for j := lo; j < hi; j++ {
			c.item.read(from.Elem(), j, v.Index(j-lo))
		}
	case Map:
		c.readMap(from, i, v)
	case Struct:
		c.readMembers(from.Children, i, v)
	}
}

func readBytes(from *Column, i int, v reflect.Value) {
	switch {
	case from.Field.Logical == Decimal:
		v.Set(reflect.ValueOf(from.Decimal(i)).Elem())
	case v.Kind() == reflect.Array:
		reflect.Copy(v, reflect.ValueOf(from.Slice(i)))
	default:
		v.SetBytes(append([]byte{}, from.Slice(i)...))
	}
}

func (c *codec) readMap(from *Column, i int, v reflect.Value) {
	lo, hi := from.Items(i)
	keys, values := from.Entries()
	v.Set(reflect.MakeMapWithSize(v.Type(), hi-lo))
	for j := lo; j < hi; j++ {
		k, e := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		k.SetString(string(keys.Slice(j)))
		c.item.read(values, j, e)
		v.SetMapIndex(k, e)
	}
}

func readInt(f Field, x int64, v reflect.Value) {
	if v.Type() != timeType {
		v.SetInt(x)
		return
	}
	var t time.Time
	switch unit := f.Logical.Unit(); unit {
	case 24 * time.Hour:
		t = time.Unix(x*86400, 0)
	case time.Millisecond:
		t = time.UnixMilli(x)
	case time.Microsecond:
		t = time.UnixMicro(x)
	default:
		t = time.Unix(0, x)
	}
	v.Set(reflect.ValueOf(t.UTC()))
}
