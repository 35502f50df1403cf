package main

import (
	"time"

	"github.com/hamba/avro/v2"
)

// row is a row of internal/avrorow as a struct that was known when the program
// was compiled: what parquet-go's own writer is fastest with.
type row struct {
	EntityID     string    `parquet:"entity_id,dict"`
	UserID       int64     `parquet:"user_id"`
	SessionID    string    `parquet:"session_id,dict"`
	EventTime    int64     `parquet:"event_time,timestamp(microsecond)"`
	IngestTime   int64     `parquet:"ingest_time,timestamp(microsecond)"`
	Region       string    `parquet:"region,dict"`
	Device       string    `parquet:"device,dict"`
	Country      *string   `parquet:"country,optional,dict"`
	Score        float64   `parquet:"score"`
	CTR          float64   `parquet:"ctr"`
	Price        float64   `parquet:"price"`
	F1           float64   `parquet:"f1"`
	F2           *float64  `parquet:"f2,optional"`
	Count1d      int64     `parquet:"cnt_1d"`
	Count7d      int64     `parquet:"cnt_7d"`
	Count30d     *int64    `parquet:"cnt_30d,optional"`
	Active       bool      `parquet:"is_active"`
	Age          int32     `parquet:"age"`
	ModelVersion string    `parquet:"model_version,dict"`
	Embedding    []float32 `parquet:"embedding,list"`
}

// read decodes a body with hamba's Reader, field by field, as one would by hand.
func (r *row) read(in *avro.Reader) {
	r.EntityID = in.ReadString()
	r.UserID = in.ReadLong()
	r.SessionID = in.ReadString()
	r.EventTime = in.ReadLong() * int64(time.Millisecond/time.Microsecond)
	r.IngestTime = in.ReadLong() * int64(time.Millisecond/time.Microsecond)
	r.Region = in.ReadString()
	r.Device = in.ReadString()
	r.Country = optional(in, in.ReadString)
	r.Score = in.ReadDouble()
	r.CTR = in.ReadDouble()
	r.Price = in.ReadDouble()
	r.F1 = in.ReadDouble()
	r.F2 = optional(in, in.ReadDouble)
	r.Count1d = in.ReadLong()
	r.Count7d = in.ReadLong()
	r.Count30d = optional(in, in.ReadLong)
	r.Active = in.ReadBool()
	r.Age = in.ReadInt()
	r.ModelVersion = in.ReadString()
	r.Embedding = r.Embedding[:0]
	for n := in.ReadLong(); n > 0; n = in.ReadLong() {
		for range n {
			r.Embedding = append(r.Embedding, in.ReadFloat())
		}
	}
}

func optional[T any](in *avro.Reader, read func() T) *T {
	if in.ReadLong() == 0 {
		return nil
	}
	return new(read())
}
