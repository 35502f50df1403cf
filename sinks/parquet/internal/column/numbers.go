package column

import (
	"reflect"
	"unsafe"

	pq "github.com/parquet-go/parquet-go"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// A ColumnWriter takes one value after the other, of 24 bytes each. The buffer
// after it takes numbers as they lie in a column, but the library doesn't
// export it. So it is looked up by name when the program starts; if it isn't
// there, numbers are written as all other values are.
var bufferField, hasBuffers = func() (reflect.StructField, bool) {
	f, ok := reflect.TypeFor[pq.ColumnWriter]().FieldByName("columnBuffer")
	return f, ok && f.Type == reflect.TypeFor[pq.ColumnBuffer]()
}()

// PageBytes is the size of a page, by which its writer must be set up.
const PageBytes = 256 << 10

// bufferOf is a writer's buffer, nil before its first value.
func bufferOf(w *pq.ColumnWriter) pq.ColumnBuffer {
	if !hasBuffers {
		return nil
	}
	return *(*pq.ColumnBuffer)(unsafe.Add(unsafe.Pointer(w), bufferField.Offset))
}

// numbers appends rows of a column of numbers that can't be null, and reports
// whether it did: dictionaries, texts and a writer's first values are for others.
func (e *Encoder) numbers(w *pq.ColumnWriter, l *leaf, src *feature.Column, from, end int) (bool, error) {
	if len(l.path) > 1 || l.path[0].nullable {
		return false, nil
	}
	to := bufferOf(w)
	if to == nil {
		return false, nil
	}
	done, err := e.fill(to, l, src, from, end)
	if done && err == nil && to.Size() >= PageBytes {
		err = w.Flush()
	}
	return done, err
}

func (e *Encoder) fill(to pq.ColumnBuffer, l *leaf, src *feature.Column, from, end int) (done bool, err error) {
	switch src.Field.Kind {
	case feature.Bool:
		return appendTo(to, pq.BooleanWriter.WriteBooleans, src.Bools[from:end])
	case feature.Int32:
		if l.scale == 1 {
			return appendTo(to, pq.Int32Writer.WriteInt32s, src.Int32s[from:end])
		}
		return appendTo(to, pq.Int64Writer.WriteInt64s, scaled(e, src.Int32s[from:end], l.scale))
	case feature.Int64:
		if l.scale == 1 {
			return appendTo(to, pq.Int64Writer.WriteInt64s, src.Int64s[from:end])
		}
		return appendTo(to, pq.Int64Writer.WriteInt64s, scaled(e, src.Int64s[from:end], l.scale))
	case feature.Float32:
		floats(&e.seen[l.index], src.Float32s[from:end])
		return appendTo(to, pq.FloatWriter.WriteFloats, src.Float32s[from:end])
	case feature.Float64:
		floats(&e.seen[l.index], src.Float64s[from:end])
		return appendTo(to, pq.DoubleWriter.WriteDoubles, src.Float64s[from:end])
	}
	return false, nil
}

// appendTo writes values to a buffer that takes their type.
func appendTo[W, T any](to pq.ColumnBuffer, write func(W, []T) (int, error), values []T) (bool, error) {
	w, ok := to.(W)
	if !ok {
		return false, nil
	}
	_, err := write(w, values)
	return true, err
}

// scaled are numbers in the table's unit, until the next call.
func scaled[T int32 | int64](e *Encoder, list []T, scale int64) []int64 {
	e.scaled = e.scaled[:0]
	for _, x := range list {
		e.scaled = append(e.scaled, int64(x)*scale)
	}
	return e.scaled
}
