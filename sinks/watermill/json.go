package watermill

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// The metadata of a message made by JSON.
const (
	MetadataGroup     = "tandem.group"     // the feature group and its version, as its table is named
	MetadataOperation = "tandem.operation" // upsert or delete
	MetadataKey       = "tandem.key"       // the primary key's columns, as a JSON array
	MetadataTopic     = "tandem.topic"     // where the row stood in its log
	MetadataEpoch     = "tandem.epoch"
	MetadataPartition = "tandem.partition"
	MetadataOffset    = "tandem.offset"
)

// JSON is a row as an object of its columns, by name; of a delete only the key's
// and the event time. Bytes are in base64, infinities and NaN the strings
// "Infinity", "-Infinity" and "NaN", decimals strings of all their digits, UUIDs
// strings as they are written, and points in time numbers in the column's unit.
// There is no row that it fails for.
func JSON(r feature.Row) (*message.Message, error) {
	s, rec := r.Schema(), r.Record()
	object, key := make(map[string]any, len(s.Fields)), []any{}
	for i, f := range s.Fields {
		if r.Delete() && !s.IsKey(i) && i != s.Time() {
			continue
		}
		object[f.Name] = plain(f, r.Value(f.Name))
	}
	for _, i := range s.Keys() {
		key = append(key, object[s.Fields[i].Name])
	}
	payload, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	keyText, err := json.Marshal(key)
	if err != nil {
		return nil, err
	}
	m := message.NewMessage(watermill.NewUUID(), payload)
	operation, v := "upsert", r.Version()
	if v.Delete {
		operation = "delete"
	}
	for name, value := range map[string]string{
		MetadataGroup: s.Group.Table(), MetadataOperation: operation, MetadataKey: string(keyText), MetadataTopic: r.TopicPartition().Topic,
		MetadataEpoch: strconv.Itoa(int(v.Epoch)), MetadataPartition: strconv.Itoa(int(v.Partition)), MetadataOffset: strconv.FormatInt(rec.Offset, 10),
	} {
		m.Metadata.Set(name, value)
	}
	return m, nil
}

// plain is a value as encoding/json takes it.
func plain(f feature.Field, v any) any {
	switch v := v.(type) {
	case float32:
		return number(float64(v), 32)
	case float64:
		return number(v, 64)
	case []byte:
		switch f.Logical {
		case feature.Decimal:
			digits := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(f.Scale)), nil)
			return new(big.Rat).SetFrac(feature.Unscaled(v), digits).FloatString(f.Scale)
		case feature.UUID:
			return fmt.Sprintf("%x-%x-%x-%x-%x", v[0:4], v[4:6], v[6:8], v[8:10], v[10:])
		}
	case []any:
		for i := range v {
			v[i] = plain(f.Elem(), v[i])
		}
	case map[string]any:
		if f.Kind == feature.Map {
			_, values := f.Entries()
			for k := range v {
				v[k] = plain(values, v[k])
			}
			return v
		}
		for _, child := range f.Children {
			v[child.Name] = plain(child, v[child.Name])
		}
	}
	return v
}

func number(v float64, bits int) any {
	switch {
	case math.IsNaN(v):
		return "NaN"
	case math.IsInf(v, 1):
		return "Infinity"
	case math.IsInf(v, -1):
		return "-Infinity"
	}
	return json.RawMessage(strconv.FormatFloat(v, 'g', -1, bits))
}
