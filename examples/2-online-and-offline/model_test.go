package main

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/twmb/avro"

	"github.com/tandemdata/tandem/internal/avrorow"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// model replays a log in the simplest way there is: one map a store. It decodes
// with another library than the graph does.
type model struct {
	t      *testing.T
	schema *feature.Schema
	avro   *avro.Schema
	read   int64
	dead   int64

	online, offline map[string]feature.Stored   // by identity
	sent            map[[2]int64]feature.Stored // by partition and offset
}

func newModel(t *testing.T, s *feature.Schema) *model {
	parsed, err := avro.Parse(avrorow.Schema)
	if err != nil {
		t.Fatal(err)
	}
	return &model{t: t, schema: s, avro: parsed, online: map[string]feature.Stored{}, offline: map[string]feature.Stored{}, sent: map[[2]int64]feature.Stored{}}
}

// add replays one record.
func (m *model) add(partition int32, rec feature.Record) {
	m.read++
	v := feature.Version{Partition: partition, Offset: rec.Offset}
	var values []any
	if rec.Value == nil {
		v.Delete, v.Time = true, rec.Timestamp
		values = m.deleted(string(rec.Key), v.Time)
	} else {
		var row map[string]any
		if rest, err := m.avro.Decode(rec.Value, &row); err != nil || len(rest) > 0 {
			m.dead++
			return
		}
		values = m.values(row)
		v.Time = values[m.schema.Time()].(int64)
	}
	key := fmt.Sprint(values[m.schema.Keys()[0]])
	row := feature.Stored{Version: v, Values: values}
	m.sent[[2]int64{int64(partition), rec.Offset}] = row
	m.put(m.online, key, row)
	m.put(m.offline, fmt.Sprint(key, "@", v.Time), row)
}

func (m *model) put(store map[string]feature.Stored, id string, s feature.Stored) {
	if old, ok := store[id]; !ok || m.schema.Group.Order.Compare(old.Version, s.Version) < 0 {
		store[id] = s
	}
}

func (m *model) deleted(key string, at int64) []any {
	values := make([]any, len(m.schema.Fields))
	values[m.schema.Keys()[0]] = key
	values[m.schema.Time()] = at
	return values
}

func (m *model) values(row map[string]any) []any {
	values := make([]any, len(m.schema.Fields))
	for i, f := range m.schema.Fields {
		values[i] = plain(row[f.Name])
	}
	return values
}

// plain is a value as feature.Column gives it.
func plain(v any) any {
	switch v := v.(type) {
	case time.Time:
		return v.UnixMilli()
	case int:
		return int32(v)
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	}
	return v
}

// equal compares rows but for their place in the log.
func equal(a, b feature.Stored) bool {
	if a.Version.Time != b.Version.Time || a.Version.Delete != b.Version.Delete || len(a.Values) != len(b.Values) {
		return false
	}
	for i := range a.Values {
		if !same(a.Values[i], b.Values[i]) {
			return false
		}
	}
	return true
}

// same compares to the bit.
func same(a, b any) bool {
	switch a := a.(type) {
	case float64:
		b, ok := b.(float64)
		return ok && math.Float64bits(a) == math.Float64bits(b)
	case float32:
		b, ok := b.(float32)
		return ok && math.Float32bits(a) == math.Float32bits(b)
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !same(a[i], b[i]) {
				return false
			}
		}
		return true
	}
	return a == b
}
