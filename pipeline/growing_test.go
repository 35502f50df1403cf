package pipeline_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/memstore"
	"github.com/tandemdata/tandem/sources/memlog"
	"github.com/tandemdata/tandem/stages"
	formats "github.com/tandemdata/tandem/stages/wire"
)

// schemas are the writers of a log, by the id in its frames.
type schemas map[int]string

func (s schemas) Schema(_ context.Context, id int) (string, error) {
	if schema, ok := s[id]; ok {
		return schema, nil
	}
	return "", formats.ErrUnknownSchema
}

const (
	sizesHead   = `{"type":"record","name":"Size","fields":[{"name":"k","type":"string"},{"name":"v","type":"long"}`
	declared    = sizesHead + `]}`
	withWidth   = sizesHead + `,{"name":"width","type":["null","int"],"default":null}]}`
	withHeights = sizesHead + `,{"name":"heights","type":{"type":"map","values":"long"},"default":{}},{"name":"width","type":"int","default":5}]}`
)

var sizeWriters = schemas{1: declared, 2: withWidth, 3: withHeights}

var sizes = feature.Group{Name: "sizes", PrimaryKey: []string{"k"}, EventTime: "v", Evolve: true}

// size is a record of key and value, and the bytes of what its writer added.
func size(writer byte, k string, v int64, added ...byte) feature.Record {
	body := append([]byte{0, 0, 0, 0, writer}, binary.AppendVarint(nil, int64(len(k)))...)
	body = binary.AppendVarint(append(body, k...), v)
	return feature.Record{Key: []byte(k), Value: append(body, added...)}
}

// written are the rows of a store by key and offset, nulls left out.
func written(t *testing.T, s *memstore.Sink) string {
	t.Helper()
	schema, err := stages.Decode{Group: sizes, Schema: declared}.Describe(nil)
	if err != nil {
		t.Fatal(err)
	}
	schema, err = schema.WithColumns(
		feature.Field{Name: "width", Kind: feature.Int32, Nullable: true},
		feature.Field{Name: "heights", Kind: feature.Map, Nullable: true, Children: []feature.Field{{Kind: feature.String}, {Kind: feature.Int64}}},
	)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for row, err := range s.Scan(t.Context(), schema) {
		if err != nil {
			t.Fatal(err)
		}
		// Which lane adds its column first differs from run to run.
		var values []string
		for _, v := range row.Values[1:] {
			if v != nil {
				values = append(values, fmt.Sprintf("%T %v", v, v))
			}
		}
		slices.Sort(values)
		rows[fmt.Sprintf("%v@%d", row.Values[0], row.Version.Offset)] = strings.Join(values, ", ")
	}
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(rows)) {
		fmt.Fprintf(&b, "%s: %s\n", k, rows[k])
	}
	return b.String()
}

// syncSizes runs the graph of two lanes until the end of the log.
func syncSizes(t *testing.T, log *memlog.Log, online, offline *memstore.Sink) {
	t.Helper()
	g := pipeline.New("sizes")
	g.Logger = quiet
	rows := pipeline.Via(pipeline.From(g, "log", memlog.Source{Log: log, UntilEnd: true, MaxBatch: 3}), "decode",
		stages.Decode{Group: sizes, Schema: declared, Format: formats.Confluent{Registry: sizeWriters}})
	kept := pipeline.Via(pipeline.Via(rows, "dedup", stages.Dedup{}), "guard", stages.OrderGuard{})
	pipeline.Join(g, "commit", stages.Commit{},
		pipeline.To(kept, "online", online),
		pipeline.To(pipeline.Via(kept, "batch", stages.Batch{}), "offline", offline))
	if err := run(t, g); err != nil {
		t.Fatal(err)
	}
	for name, s := range g.Ledger().Sinks {
		if !s.Balanced() || s.Dead > 0 {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

// sizeLog has writers come and go in mid-stream, in both partitions.
func sizeLog(log *memlog.Log, from, to int) {
	for i := from; i < to; i++ {
		for p := range int32(2) {
			k, v := fmt.Sprintf("p%dk%d", p, i%3), int64(100*i)
			switch (i + int(p)*2) % 5 {
			case 3:
				log.Append(p, size(2, k, v, 2, 14))
			case 4:
				log.Append(p, size(3, k, v, 2, 2, 'h', 8, 0, 16))
			default:
				log.Append(p, size(1, k, v))
			}
		}
	}
}

// TestAGroupGrowsInMidStreamInBothStores holds that what becomes of a record
// doesn't depend on what came before it: a run that begins anew in the middle,
// with the schema as it was declared, leaves the same rows as one that doesn't.
func TestAGroupGrowsInMidStreamInBothStores(t *testing.T) {
	const n = 20
	log, online, offline := memlog.NewLog("log", 2), &memstore.Sink{}, &memstore.Sink{For: feature.Offline}
	sizeLog(log, 0, n)
	syncSizes(t, log, online, offline)
	wantOnline, wantOffline := written(t, online), written(t, offline)
	for _, want := range []string{"p0k0@0: int64 0\n", "p0k0@3: int32 7, int64 300\n", "p0k1@4: int32 8, int64 400, map[string]interface {} map[h:4]\n"} {
		if !strings.Contains(wantOffline, want) {
			t.Errorf("%q is missing offline:\n%s", want, wantOffline)
		}
	}
	if strings.Count(wantOffline, "\n") != 2*n || strings.Count(wantOnline, "\n") != 2*3 {
		t.Errorf("offline:\n%sonline:\n%s", wantOffline, wantOnline)
	}
	for at := 1; at < n; at += 3 {
		log, online, offline := memlog.NewLog("log", 2), &memstore.Sink{}, &memstore.Sink{For: feature.Offline}
		sizeLog(log, 0, at)
		syncSizes(t, log, online, offline)
		sizeLog(log, at, n)
		syncSizes(t, log, online, offline)
		if got := written(t, online); got != wantOnline {
			t.Errorf("restarted at %d, online:\n%swant:\n%s", at, got, wantOnline)
		}
		if got := written(t, offline); got != wantOffline {
			t.Errorf("restarted at %d, offline:\n%swant:\n%s", at, got, wantOffline)
		}
	}
}
