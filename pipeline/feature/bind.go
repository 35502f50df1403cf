package feature

import (
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Binding reads and writes rows as Go structs. A struct's exported fields are
// columns, named by the tag `feature:"name"`, else by the field's own name;
// `feature:"-"` leaves one out. Types are bool, int32, int64, float32, float64,
// string, []byte, [N]byte (for a fixed and a UUID), time.Time (for dates and
// timestamps), big.Rat (for a decimal), slices and maps by string of these,
// structs (for records), and a pointer to one where the column is nullable.
type Binding struct {
	t    reflect.Type
	root codec
}

// codec is how a Go type stands for a column and what is in it.
type codec struct {
	members []member // of a Struct, and of the row
	item    *codec   // of a List's items, or a Map's values
}

type member struct {
	codec
	index []int // in the struct
	child int   // in the Struct, or in the row
	field Field
}

var (
	timeType = reflect.TypeFor[time.Time]()
	ratType  = reflect.TypeFor[big.Rat]()
)

// Bind matches a struct with the columns of a schema. The struct may leave
// columns out; it may not name one that the schema doesn't have, nor hold a
// nullable column in a field that can't be nil.
func Bind(t reflect.Type, s *Schema) (*Binding, error) {
	root, err := bindFields(t, s.Fields)
	if err != nil {
		return nil, err
	}
	return &Binding{t: t, root: root}, nil
}

func bindFields(t reflect.Type, fields []Field) (codec, error) {
	var c codec
	members, err := structFields(t)
	if err != nil {
		return c, err
	}
	for _, m := range members {
		i := slices.IndexFunc(fields, func(f Field) bool { return f.Name == m.name })
		if i < 0 {
			return c, fmt.Errorf("%v: no column %q in the schema (%s)", t, m.name, nameList(fields))
		}
		inner, err := bindType(m.t, fields[i])
		if err != nil {
			return c, fmt.Errorf("%v: %w", t, err)
		}
		c.members = append(c.members, member{inner, m.index, i, fields[i]})
	}
	return c, nil
}

// bindType says how a Go type holds a column, or why it can't.
func bindType(t reflect.Type, f Field) (codec, error) {
	if f.Nullable && t.Kind() != reflect.Pointer {
		return codec{}, fmt.Errorf("column %v is nullable: its field must be a pointer, not %v", f, t)
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	item := func(of Field) (codec, error) {
		inner, err := bindType(t.Elem(), of)
		return codec{item: &inner}, err
	}
	switch {
	case f.Kind == List && t.Kind() == reflect.Slice:
		return item(f.Elem())
	case f.Kind == Map && t.Kind() == reflect.Map && t.Key().Kind() == reflect.String:
		_, value := f.Entries()
		return item(value)
	case f.Kind == Struct && t.Kind() == reflect.Struct && t != timeType && t != ratType:
		return bindFields(t, f.Children)
	case f.Logical == Decimal && t == ratType, t == timeType && f.Logical.Unit() != 0, isBytes(t, f):
		return codec{}, nil
	}
	if k, ok := goKinds[t.Kind()]; !ok || k != f.Kind || f.Logical == Decimal {
		return codec{}, fmt.Errorf("column %v can't be held by %v", f, t)
	}
	return codec{}, nil
}

func isBytes(t reflect.Type, f Field) bool {
	if f.Kind != Bytes || f.Logical == Decimal {
		return false
	}
	switch t.Kind() {
	case reflect.Slice:
		return t.Elem().Kind() == reflect.Uint8
	case reflect.Array:
		return t.Elem().Kind() == reflect.Uint8 && t.Len() == f.Size
	}
	return false
}

var goKinds = map[reflect.Kind]Kind{
	reflect.Bool: Bool, reflect.Int32: Int32, reflect.Int64: Int64,
	reflect.Float32: Float32, reflect.Float64: Float64, reflect.String: String,
}

// Fields are the columns that a struct stands for. What a Go type doesn't say
// is taken from the columns of the same name in like, if there are such: logical
// types, and a decimal's digits. Other times are TimestampMicros, and arrays of
// bytes are of one length.
func Fields(t reflect.Type, like *Schema) ([]Field, error) { return fieldsOf(t, like.Fields) }

func fieldsOf(t reflect.Type, like []Field) ([]Field, error) {
	members, err := structFields(t)
	if err != nil {
		return nil, err
	}
	out := make([]Field, len(members))
	for i, m := range members {
		var same *Field
		if k := slices.IndexFunc(like, func(f Field) bool { return f.Name == m.name }); k >= 0 {
			same = &like[k]
		}
		if out[i], err = fieldOf(m.t, same); err != nil {
			return nil, fmt.Errorf("%v.%s: %w", t, m.name, err)
		}
		out[i].Name = m.name
	}
	return out, nil
}

type structField struct {
	name  string
	index []int
	t     reflect.Type
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
		out = append(out, structField{name, f.Index, f.Type})
	}
	return out, nil
}

// fieldOf is the column that a Go type stands for: like, if it can hold that. A
// struct in it may leave out fields of like's, as the row's may.
func fieldOf(t reflect.Type, like *Field) (Field, error) {
	nullable := t.Kind() == reflect.Pointer
	if like != nil && len(like.Children) == 0 {
		same := *like
		same.Nullable = nullable
		if _, err := bindType(t, same); err == nil {
			return same, nil
		}
	}
	if nullable {
		t = t.Elem()
	}
	f, err := valueOf(t, like)
	f.Nullable = nullable
	return f, err
}

func valueOf(t reflect.Type, like *Field) (Field, error) {
	child := func(i int) *Field {
		if like == nil || i >= len(like.Children) {
			return nil
		}
		return &like.Children[i]
	}
	switch {
	case t == timeType:
		return Field{Kind: Int64, Logical: TimestampMicros}, nil
	case t == ratType:
		return Field{}, fmt.Errorf("%v doesn't say how many digits a decimal column has", t)
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		return Field{Kind: Bytes}, nil
	case t.Kind() == reflect.Array && t.Elem().Kind() == reflect.Uint8:
		return Field{Kind: Bytes, Size: t.Len()}, nil
	case t.Kind() == reflect.Slice:
		e, err := fieldOf(t.Elem(), child(0))
		return ListOf("", e), err
	case t.Kind() == reflect.Map && t.Key().Kind() == reflect.String:
		e, err := fieldOf(t.Elem(), child(1))
		return MapOf("", e), err
	case t.Kind() == reflect.Struct:
		var fields []Field
		if like != nil {
			fields = like.Children
		}
		children, err := fieldsOf(t, fields)
		return StructOf("", children...), err
	}
	if k, ok := goKinds[t.Kind()]; ok {
		return Field{Kind: k}, nil
	}
	return Field{}, fmt.Errorf("%v can't be a column", t)
}

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

// Append adds the struct as the values of one row more to every column. Columns
// that the struct leaves out are null. A time or a decimal that its column can't
// hold is an error; Rows.AddNone then takes back what was appended.
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
