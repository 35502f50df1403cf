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
