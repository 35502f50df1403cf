package parquet

import (
	"github.com/apache/iceberg-go"
	pq "github.com/parquet-go/parquet-go"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// nodeOf is the field in the file's schema. A filtered column is written plain:
// parquet-go builds the filter of a dictionary column from the dictionary, which
// lacks the values that came after it was full.
func nodeOf(f feature.Field, t iceberg.Type, filtered bool) pq.Node {
	n := requiredNode(f, t, filtered)
	if f.Nullable {
		return pq.Optional(n)
	}
	return n
}

func requiredNode(f feature.Field, t iceberg.Type, filtered bool) pq.Node {
	switch f.Kind {
	case feature.List:
		list := t.(*iceberg.ListType)
		return pq.List(pq.FieldID(nodeOf(f.Elem(), list.Element, false), list.ElementID))
	case feature.Map:
		m := t.(*iceberg.MapType)
		key, value := f.Entries()
		return pq.Map(pq.FieldID(nodeOf(key, m.KeyType, false), m.KeyID), pq.FieldID(nodeOf(value, m.ValueType, false), m.ValueID))
	case feature.Struct:
		group := pq.Group{}
		for i, child := range t.(*iceberg.StructType).FieldList {
			group[child.Name] = pq.FieldID(nodeOf(f.Children[i], child.Type, false), child.ID)
		}
		return group
	case feature.String:
		return textNode(pq.String(), filtered)
	case feature.Bytes:
		return bytesNode(f, filtered)
	}
	if f.Name == own[epochColumn].Name || f.Name == own[partitionColumn].Name {
		return pq.Encoded(numberNode(f), &pq.RLEDictionary)
	}
	return pq.Encoded(numberNode(f), &pq.Plain)
}

func textNode(n pq.Node, filtered bool) pq.Node {
	if filtered {
		return pq.Encoded(n, &pq.Plain)
	}
	return pq.Encoded(n, &pq.RLEDictionary)
}

func bytesNode(f feature.Field, filtered bool) pq.Node {
	switch {
	case f.Logical == feature.Decimal:
		return pq.Encoded(pq.Decimal(f.Scale, f.Precision, decimalType(f)), &pq.Plain)
	case f.Logical == feature.UUID:
		return pq.Encoded(pq.UUID(), &pq.Plain)
	case f.Size > 0:
		return pq.Encoded(pq.Leaf(pq.FixedLenByteArrayType(f.Size)), &pq.Plain)
	}
	return textNode(pq.Leaf(pq.ByteArrayType), filtered)
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
