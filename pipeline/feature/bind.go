package feature

import (
	"fmt"
	"reflect"
	"strings"
	"time"
)

// Binding reads and writes rows as Go structs. A struct's exported fields are
// columns, named by the tag `feature:"name"`, else by the field's own name;
// `feature:"-"` leaves one out. Types are bool, int32, int64, float32, float64,
// string, []byte, time.Time (for dates and timestamps), slices of these, and a
// pointer to one where the column is nullable.
type Binding struct {
	t      reflect.Type
	fields []bound
}

type bound struct {
	index  []int
	column int
	field  Field
}

var timeType = reflect.TypeFor[time.Time]()

// Bind matches a struct with the columns of a schema. The struct may leave
// columns out; it may not name one that the schema doesn't have, nor hold a
// nullable column in a field that can't be nil.
func Bind(t reflect.Type, s *Schema) (*Binding, error) {
	b := &Binding{t: t}
	fields, err := structFields(t)
	if err != nil {
		return nil, err
	}
	for _, f := range fields {
		i := s.Index(f.Name)
		if i < 0 {
			return nil, fmt.Errorf("%v: no column %q in the schema (%s)", t, f.Name, s.names())
		}
		if err := fits(f.t, s.Fields[i]); err != nil {
			return nil, fmt.Errorf("%v: %w", t, err)
		}
		b.fields = append(b.fields, bound{f.index, i, s.Fields[i]})
	}
	return b, nil
}

type structField struct {
	Field
	index []int
	t     reflect.Type
}

// Fields are the columns that a struct stands for. Logical types are taken from
// the columns of the same name in like, if there are such; other times are
// TimestampMicros.
func Fields(t reflect.Type, like *Schema) ([]Field, error) {
	fields, err := structFields(t)
	if err != nil {
		return nil, err
	}
	out := make([]Field, len(fields))
	for i, f := range fields {
		out[i] = f.Field
		k := like.Index(f.Name)
		if k < 0 {
			continue
		}
		same := like.Fields[k]
		same.Nullable = f.Nullable
		if fits(f.t, same) == nil {
			out[i] = same
		}
	}
	return out, nil
}

func structFields(t reflect.Type) ([]structField, error) {
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("%v: want a struct", t)
	}
	var out []structField
	for _, f := range reflect.VisibleFields(t) {
		if f.Anonymous && f.Type.Kind() == reflect.Pointer {
			return nil, fmt.Errorf("%v.%s: an embedded pointer may be nil: embed the struct", t, f.Name)
		}
		name, _, _ := strings.Cut(f.Tag.Get("feature"), ",")
		if !f.IsExported() || f.Anonymous || name == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		field, err := fieldOf(f.Type)
		if err != nil {
			return nil, fmt.Errorf("%v.%s: %w", t, f.Name, err)
		}
		field.Name = name
		out = append(out, structField{field, f.Index, f.Type})
	}
	return out, nil
}

func fieldOf(t reflect.Type) (Field, error) {
	switch {
	case t.Kind() == reflect.Pointer:
		f, err := fieldOf(t.Elem())
		f.Nullable = true
		return f, err
	case t == timeType:
		return Field{Kind: Int64, Logical: TimestampMicros}, nil
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		return Field{Kind: Bytes}, nil
	case t.Kind() == reflect.Slice:
		e, err := fieldOf(t.Elem())
		return Field{Kind: List, Elem: &e}, err
	}
	kinds := map[reflect.Kind]Kind{
		reflect.Bool: Bool, reflect.Int32: Int32, reflect.Int64: Int64,
		reflect.Float32: Float32, reflect.Float64: Float64, reflect.String: String,
	}
	if k, ok := kinds[t.Kind()]; ok {
		return Field{Kind: k}, nil
	}
	return Field{}, fmt.Errorf("%v can't be a column", t)
}

// fits says why a Go type can't hold a column.
func fits(t reflect.Type, f Field) error {
	if f.Nullable {
		if t.Kind() != reflect.Pointer {
			return fmt.Errorf("column %v is nullable: its field must be a pointer, not %v", f, t)
		}
		t = t.Elem()
	} else if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if f.Kind == List && t.Kind() == reflect.Slice {
		return fits(t.Elem(), *f.Elem)
	}
	if t == timeType && f.Logical.Unit() != 0 {
		return nil
	}
	got, err := fieldOf(t)
	if err != nil || got.Kind != f.Kind || t == timeType {
		return fmt.Errorf("column %v can't be held by %v", f, t)
	}
	return nil
}

// Read fills the struct that dst points to from row i.
func (b *Binding) Read(r *Rows, i int, dst any) {
	v := reflect.ValueOf(dst).Elem()
	for _, f := range b.fields {
		read(&r.Columns[f.column], i, v.FieldByIndex(f.index))
	}
}

func read(c *Column, i int, v reflect.Value) {
	if c.Null(i) {
		v.SetZero()
		return
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	switch c.Field.Kind {
	case Bool:
		v.SetBool(c.Bools[i])
	case Int32:
		readInt(c.Field, int64(c.Int32s[i]), v)
	case Int64:
		readInt(c.Field, c.Int64s[i], v)
	case Float32:
		v.SetFloat(float64(c.Float32s[i]))
	case Float64:
		v.SetFloat(c.Float64s[i])
	case String:
		v.SetString(string(c.Slice(i)))
	case Bytes:
		v.SetBytes(append([]byte{}, c.Slice(i)...))
	case List:
		from, to := c.Items(i)
		v.Set(reflect.MakeSlice(v.Type(), to-from, to-from))
		for j := from; j < to; j++ {
			read(c.Elem, j, v.Index(j-from))
		}
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

// Append adds the struct as the values of one row more to every column. Columns
// that the struct leaves out are null. A time that its column can't hold is an
// error; Rows.AddNone then takes back what was appended.
func (b *Binding) Append(r *Rows, src any) error {
	v := reflect.Indirect(reflect.ValueOf(src))
	n := r.Len()
	for _, f := range b.fields {
		c, field := &r.Columns[f.column], v.FieldByIndex(f.index)
		if t, ok := timeOf(field); ok && !holds(c.Field, t) {
			return fmt.Errorf("column %v can't hold %v", c.Field, t)
		}
		write(c, field)
	}
	for i := range r.Columns {
		if r.Columns[i].Len() == n {
			r.Columns[i].AppendNull()
		}
	}
	return nil
}

func timeOf(v reflect.Value) (time.Time, bool) {
	if v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	t, ok := v.Interface().(time.Time)
	return t, ok
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

func write(c *Column, v reflect.Value) {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			c.AppendNull()
			return
		}
		v = v.Elem()
	}
	switch c.Field.Kind {
	case Bool:
		c.Bools = append(c.Bools, v.Bool())
	case Int32:
		c.Int32s = append(c.Int32s, int32(writeInt(c.Field, v)))
	case Int64:
		c.Int64s = append(c.Int64s, writeInt(c.Field, v))
	case Float32:
		c.Float32s = append(c.Float32s, float32(v.Float()))
	case Float64:
		c.Float64s = append(c.Float64s, v.Float())
	case String:
		c.Bytes = append(c.Bytes, v.String()...)
		c.Offsets = append(c.Offsets, uint32(len(c.Bytes)))
	case Bytes:
		c.Bytes = append(c.Bytes, v.Bytes()...)
		c.Offsets = append(c.Offsets, uint32(len(c.Bytes)))
	case List:
		for j := range v.Len() {
			write(c.Elem, v.Index(j))
		}
		c.Offsets = append(c.Offsets, uint32(c.Elem.Len()))
	}
	c.MarkValid()
}

func writeInt(f Field, v reflect.Value) int64 {
	t, ok := v.Interface().(time.Time)
	if !ok {
		return v.Int()
	}
	switch unit := f.Logical.Unit(); unit {
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
	default:
		return t.UnixNano()
	}
}
