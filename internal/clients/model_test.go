package clients

import (
	"context"
	"encoding/hex"
	"fmt"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tandemdata/tandem/internal/icescan"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/parquet"
	"github.com/tandemdata/tandem/sources/kafka"
	"github.com/tandemdata/tandem/stages"
)

// store is one that can be read back.
type store interface {
	pipeline.Sink
	scanner
}

type scanner interface {
	Scan(context.Context, *feature.Schema) iter.Seq2[feature.Stored, error]
}

type stores struct{ online, offline store }

// row is one that a store should hold.
type row struct {
	version feature.Version
	values  map[string]string
}

// model is what belongs in the stores: for each the greatest row of an identity.
type model struct {
	decode   stages.Decode
	schema   *feature.Schema
	rows     map[string]map[string]row // by store, by identity
	read     int64
	filtered map[string]int64 // by store
}

// replay builds the model from what was sent.
func replay(t *testing.T, d stages.Decode, list []sent) *model {
	t.Helper()
	schema, err := d.Describe(nil)
	if err != nil {
		t.Fatal(err)
	}
	m := &model{decode: d, schema: schema, rows: map[string]map[string]row{"online": {}, "offline": {}}, filtered: map[string]int64{}}
	for _, s := range list {
		m.read++
		for _, store := range []string{"online", "offline"} {
			m.filtered[store]++
		}
		for _, store := range s.Stores {
			m.filtered[store]--
			m.put(t, store, s)
		}
	}
	return m
}

func (m *model) put(t *testing.T, store string, s sent) {
	t.Helper()
	micros := s.Timestamp * 1000
	if s.Timed {
		var err error
		if micros, err = strconv.ParseInt(s.Values["ts"], 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	r := row{
		version: feature.Version{Delete: s.Delete, Time: micros, Partition: s.Partition, Offset: s.Offset},
		values:  s.Values,
	}
	if s.Delete {
		r.values = map[string]string{"k": s.Values["k"], "ts": strconv.FormatInt(micros, 10)}
	}
	id := s.Values["k"]
	if store == "offline" {
		id = fmt.Sprint(id, "@", micros)
	}
	if old, ok := m.rows[store][id]; !ok || m.schema.Group.Order.Compare(old.version, r.version) < 0 {
		m.rows[store][id] = r
	}
}

// holds runs the graph to the end of the topic, and compares both stores with the model.
func (m *model) holds(t *testing.T, j *job, s stores) {
	t.Helper()
	g := pipeline.New("rows")
	records := pipeline.From(g, "kafka", kafka.Source{Brokers: []string{j.Brokers}, Topic: j.Topic, UntilEnd: true})
	rows := pipeline.Via(records, "decode", m.decode)
	ordered := pipeline.Via(pipeline.Via(rows, "dedup", stages.Dedup{}), "order-guard", stages.OrderGuard{})
	online := pipeline.To(ordered, "online", s.online)
	offline := pipeline.To(pipeline.Via(ordered, "batch", stages.Batch{}), "offline", s.offline)
	pipeline.Join(g, "commit", stages.Commit{}, online, offline)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := g.Run(ctx); err != nil { // a dead letter stops it
		t.Fatal(err)
	}
	for name, tally := range g.Ledger().Sinks {
		reasons := int64(0)
		for _, n := range tally.Reasons.All() {
			reasons += n
		}
		if tally.Read != m.read || !tally.Balanced() || tally.Filtered != m.filtered[name] || reasons != m.filtered[name] {
			t.Errorf("%s: %+v, want %d read and %d filtered", name, tally, m.read, m.filtered[name])
		}
	}
	m.compare(t, "online", s.online)
	if table, ok := s.offline.(*parquet.Sink); ok {
		m.compare(t, "offline", icescan.Table{Warehouse: table.Warehouse})
		return
	}
	m.compare(t, "offline", s.offline)
}

// compare holds every value of a store against the model, both ways.
func (m *model) compare(t *testing.T, store string, s scanner) {
	t.Helper()
	seen := map[string]bool{}
	for got, err := range s.Scan(t.Context(), m.schema) {
		if err != nil {
			t.Fatal(err)
		}
		id := spell(m.schema.Fields[m.schema.Keys()[0]], got.Values[m.schema.Keys()[0]])
		if store == "offline" {
			id = fmt.Sprint(id, "@", got.Version.Time)
		}
		want, ok := m.rows[store][id]
		if !ok || seen[id] || got.Version.Delete != want.version.Delete || got.Version.Time != want.version.Time {
			t.Fatalf("%s: %s is there as %+v (before: %v), want %+v", store, id, got.Version, seen[id], want.version)
		}
		seen[id] = true
		for i, f := range m.schema.Fields {
			w, ok := want.values[f.Name]
			if !ok {
				w = "null"
			}
			if g := spell(f, got.Values[i]); g != w {
				t.Errorf("%s: %s: %v is\n%.300s, want\n%.300s", store, id, f, g, w)
			}
		}
	}
	for id, want := range m.rows[store] {
		if !seen[id] && (store == "offline" || !want.version.Delete) {
			t.Errorf("%s: %s is missing", store, id)
		}
	}
}

// spell is the script's: a text that keeps every bit of a value.
func spell(f feature.Field, v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case float32:
		return fmt.Sprintf("f32:%08x", math.Float32bits(v))
	case float64:
		return fmt.Sprintf("f64:%016x", math.Float64bits(v))
	case string:
		return "s:" + hex.EncodeToString([]byte(v))
	case []byte:
		if f.Logical == feature.Decimal {
			return "d:" + feature.Unscaled(v).String()
		}
		return "b:" + hex.EncodeToString(v)
	case []any:
		items := make([]string, len(v))
		for i := range v {
			items[i] = spell(f.Children[0], v[i])
		}
		return "[" + strings.Join(items, ",") + "]"
	case map[string]any:
		return spellNested(f, v)
	}
	return fmt.Sprint(v)
}

func spellNested(f feature.Field, v map[string]any) string {
	var parts []string
	if f.Kind == feature.Struct {
		for _, c := range f.Children {
			parts = append(parts, spell(c, v[c.Name]))
		}
		return "(" + strings.Join(parts, ",") + ")"
	}
	for key, value := range v {
		parts = append(parts, spell(f.Children[0], key)+"="+spell(f.Children[1], value))
	}
	slices.Sort(parts)
	return "{" + strings.Join(parts, ",") + "}"
}
