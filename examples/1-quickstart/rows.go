package main

import (
	"math/rand/v2"
	"time"

	"github.com/hamba/avro/v2"

	"github.com/tandemdata/tandem/pipeline/feature"
)

const rowSchema = `{"type":"record","name":"FeatureRow","namespace":"tandem","fields":[
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

// group says what a row is unique and ordered by: of one entity the row with
// the latest event time is the newest, however late it arrives.
func group() feature.Group {
	return feature.Group{
		Name: "entities", PrimaryKey: []string{"entity_id"}, EventTime: "event_time", Order: feature.ByEventTime,
		Keys: feature.KeysStay, // fill sends all rows of an entity to one partition
	}
}

// row is what a producer of features writes. Nil pointers are null.
type row struct {
	EntityID     string    `avro:"entity_id"`
	UserID       int64     `avro:"user_id"`
	SessionID    string    `avro:"session_id"`
	EventTime    time.Time `avro:"event_time"`
	IngestTime   time.Time `avro:"ingest_time"`
	Region       string    `avro:"region"`
	Device       string    `avro:"device"`
	Country      *string   `avro:"country"`
	Score        float64   `avro:"score"`
	CTR          float64   `avro:"ctr"`
	Price        float64   `avro:"price"`
	F1           float64   `avro:"f1"`
	F2           *float64  `avro:"f2"`
	Count1d      int64     `avro:"cnt_1d"`
	Count7d      int64     `avro:"cnt_7d"`
	Count30d     *int64    `avro:"cnt_30d"`
	Active       bool      `avro:"is_active"`
	Age          int32     `avro:"age"`
	ModelVersion string    `avro:"model_version"`
	Embedding    []float32 `avro:"embedding"`
}

var parsed = avro.MustParse(rowSchema)

func (r row) encode() ([]byte, error) { return avro.Marshal(parsed, r) }

var (
	regions   = []string{"eu-west-1", "us-east-1", "ap-south-1", "us-west-2"}
	devices   = []string{"android", "ios", "web", "smart-tv", "desktop"}
	countries = []string{"NL", "DE", "US", "IN", "BR", "JP"}
)

// randomRow makes a row of an entity.
func randomRow(r *rand.Rand, entity string, at time.Time) row {
	out := row{
		EntityID: entity, UserID: r.Int64N(1e6) * 7919, SessionID: "s-" + string(rune('a'+r.IntN(26))),
		EventTime: at, IngestTime: at.Add(time.Duration(r.IntN(500)) * time.Millisecond),
		Region: regions[r.IntN(len(regions))], Device: devices[r.IntN(len(devices))],
		Score: r.Float64(), CTR: r.Float64() / 10, Price: float64(r.IntN(10_000)) / 100, F1: r.NormFloat64(),
		Count1d: r.Int64N(50), Count7d: r.Int64N(400), Active: r.IntN(2) == 0, Age: r.Int32N(90), ModelVersion: "v2026.01.15",
		Embedding: make([]float32, 16),
	}
	if r.IntN(10) > 0 {
		out.Country = &countries[r.IntN(len(countries))]
	}
	if r.IntN(10) > 1 {
		out.F2 = new(r.NormFloat64())
	}
	if r.IntN(10) > 2 {
		out.Count30d = new(r.Int64N(2000))
	}
	for i := range out.Embedding {
		out.Embedding[i] = r.Float32()
	}
	return out
}
