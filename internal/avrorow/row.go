// Package avrorow makes feature rows of twenty fields as bare Avro, for tests,
// examples and benchmarks.
package avrorow

import (
	"bytes"
	"time"

	"github.com/hamba/avro/v2"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Schema is the writer schema of a row.
const Schema = `{"type":"record","name":"FeatureRow","namespace":"tandem","fields":[
{"name":"entity_id","type":"string"},
{"name":"user_id","type":"long"},
{"name":"session_id","type":"string"},
{"name":"event_time","type":{"type":"long","logicalType":"timestamp-millis"}},
{"name":"ingest_time","type":{"type":"long","logicalType":"timestamp-millis"}},
{"name":"region","type":"string"},
{"name":"device","type":"string"},
{"name":"country","type":["null","string"]},
{"name":"score","type":"double"},
{"name":"ctr","type":"double"},
{"name":"price","type":"double"},
{"name":"f1","type":"double"},
{"name":"f2","type":["null","double"]},
{"name":"cnt_1d","type":"long"},
{"name":"cnt_7d","type":"long"},
{"name":"cnt_30d","type":["null","long"]},
{"name":"is_active","type":"boolean"},
{"name":"age","type":"int"},
{"name":"model_version","type":"string"},
{"name":"embedding","type":{"type":"array","items":"float"}}
]}`

// Group is the feature group of the rows: its primary key is entity_id, so a
// record's key is the bytes of that string.
func Group() feature.Group {
	return feature.Group{Name: "entities", PrimaryKey: []string{"entity_id"}, EventTime: "event_time"}
}

// Row is one row. Nil pointers are null.
type Row struct {
	EntityID     string
	UserID       int64
	SessionID    string
	EventTime    time.Time
	IngestTime   time.Time
	Region       string
	Device       string
	Country      *string
	Score        float64
	CTR          float64
	Price        float64
	F1           float64
	F2           *float64
	Count1d      int64
	Count7d      int64
	Count30d     *int64
	Active       bool
	Age          int32
	ModelVersion string
	Embedding    []float32
}

// Values are those of the row in Schema's order, as a decoded row gives them.
func (r *Row) Values() []any {
	items := make([]any, len(r.Embedding))
	for i, f := range r.Embedding {
		items[i] = f
	}
	return []any{
		r.EntityID, r.UserID, r.SessionID, r.EventTime.UnixMilli(), r.IngestTime.UnixMilli(), r.Region, r.Device, orNil(r.Country),
		r.Score, r.CTR, r.Price, r.F1, orNil(r.F2), r.Count1d, r.Count7d, orNil(r.Count30d),
		r.Active, r.Age, r.ModelVersion, items,
	}
}

func orNil[T any](v *T) any {
	if v == nil {
		return nil
	}
	return *v
}

// Encoder writes rows as Schema has them.
type Encoder struct{ w *avro.Writer }

// NewEncoder makes an encoder. It may not be shared between goroutines.
func NewEncoder() *Encoder { return &Encoder{avro.NewWriter(nil, 512)} }

// Encode gives the body of r, which is the caller's to keep.
func (e *Encoder) Encode(r *Row) []byte {
	w := e.w
	w.Reset(nil)
	w.WriteString(r.EntityID)
	w.WriteLong(r.UserID)
	w.WriteString(r.SessionID)
	w.WriteLong(r.EventTime.UnixMilli())
	w.WriteLong(r.IngestTime.UnixMilli())
	w.WriteString(r.Region)
	w.WriteString(r.Device)
	optional(w, r.Country, w.WriteString)
	w.WriteDouble(r.Score)
	w.WriteDouble(r.CTR)
	w.WriteDouble(r.Price)
	w.WriteDouble(r.F1)
	optional(w, r.F2, w.WriteDouble)
	w.WriteLong(r.Count1d)
	w.WriteLong(r.Count7d)
	optional(w, r.Count30d, w.WriteLong)
	w.WriteBool(r.Active)
	w.WriteInt(r.Age)
	w.WriteString(r.ModelVersion)
	embedding(w, r.Embedding)
	return bytes.Clone(w.Buffer())
}

func optional[T any](w *avro.Writer, v *T, write func(T)) {
	if v == nil {
		w.WriteLong(0)
		return
	}
	w.WriteLong(1)
	write(*v)
}

func embedding(w *avro.Writer, list []float32) {
	if len(list) > 0 {
		w.WriteLong(int64(len(list)))
		for _, f := range list {
			w.WriteFloat(f)
		}
	}
	w.WriteLong(0)
}
