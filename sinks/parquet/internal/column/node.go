package column

import (
	"github.com/apache/iceberg-go"
	pq "github.com/parquet-go/parquet-go"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Encoding is how a column's values are written. What is nested in it is written
// as usual.
type Encoding int

const (
	Usual      Encoding = iota // texts by dictionary, everything else plain
	Plain                      // parquet-go builds the filter of a dictionary column from the dictionary, which lacks the values that came after it was full
	Dictionary                 // numbers too
)

// Node is the field in the file's schema.
func Node(f feature.Field, t iceberg.Type, e Encoding) pq.Node {
	n := requiredNode(f, t, e)
	if f.Nullable {
		return pq.Optional(n)
	}
	return n
}

func requiredNode(f feature.Field, t iceberg.Type, e Encoding) pq.Node {
	switch f.Kind {
	case feature.List:
		list := t.(*iceberg.ListType)
		return pq.List(pq.FieldID(Node(f.Elem(), list.Element, Usual), list.ElementID))
	case feature.Map:
		m := t.(*iceberg.MapType)
		key, value := f.Entries()
		return pq.Map(pq.FieldID(Node(key, m.KeyType, Usual), m.KeyID), pq.FieldID(Node(value, m.ValueType, Usual), m.ValueID))
	case feature.Struct:
		group := pq.Group{}
		for i, child := range t.(*iceberg.StructType).FieldList {
			group[child.Name] = pq.FieldID(Node(f.Children[i], child.Type, Usual), child.ID)
		}
		return group
	case feature.String:
		return textNode(pq.String(), e)
	case feature.Bytes:
		return bytesNode(f, e)
	}
	if e == Dictionary {
		return pq.Encoded(numberNode(f), &pq.RLEDictionary)
	}
	return pq.Encoded(numberNode(f), &pq.Plain)
}

func textNode(n pq.Node, e Encoding) pq.Node {
	if e == Plain {
		return pq.Encoded(n, &pq.Plain)
	}
	return pq.Encoded(n, &pq.RLEDictionary)
}

func bytesNode(f feature.Field, e Encoding) pq.Node {
	switch {
	case f.Logical == feature.Decimal:
		return pq.Encoded(pq.Decimal(f.Scale, f.Precision, decimalType(f)), &pq.Plain)
	case f.Logical == feature.UUID:
		return pq.Encoded(pq.UUID(), &pq.Plain)
	case f.Size > 0:
		return pq.Encoded(pq.Leaf(pq.FixedLenByteArrayType(f.Size)), &pq.Plain)
	}
	return textNode(pq.Leaf(pq.ByteArrayType), e)
}

func numberNode(f feature.Field) pq.Node {
	switch f.Logical {
	case feature.Date:
		return pq.Date()
	case feature.TimeMillis, feature.TimeMicros:
		return pq.TimeAdjusted(pq.Microsecond, false)
	case feature.TimestampMillis, feature.TimestampMicros:
		return pq.TimestampAdjusted(pq.Microsecond, true)
	case feature.LocalTimestampMillis, feature.LocalTimestampMicros:
		return pq.TimestampAdjusted(pq.Microsecond, false)
	}
	switch f.Kind {
	case feature.Bool:
		return pq.Leaf(pq.BooleanType)
	case feature.Int32:
		return pq.Leaf(pq.Int32Type)
	case feature.Int64:
		return pq.Leaf(pq.Int64Type)
	case feature.Float32:
		return pq.Leaf(pq.FloatType)
	}
	return pq.Leaf(pq.DoubleType)
}
