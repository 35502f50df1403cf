package main

import (
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tandemdata/tandem/internal/icescan"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/sqlite"
	"github.com/tandemdata/tandem/sources/kafkatest"
	"github.com/tandemdata/tandem/stages"
)

const hopsSchema = `{"type":"record","name":"Clicks","fields":[
{"name":"k","type":["null","string"]},
{"name":"t","type":["null","long"]},
{"name":"v","type":["null",{"type":"array","items":["null","long"]}]}]}`

// hopsworks is a record of one-letter key and small time; v is what stands in the row.
func hopsworks(key byte, at int64, v string, headers ...string) *kgo.Record {
	value := []byte{2, 2, key, 0}
	if at > 0 {
		value = []byte{2, 2, key, 2, byte(2 * at)}
	}
	r := &kgo.Record{Key: []byte("one for all"), Value: append(value, v...), Timestamp: time.UnixMilli(90)}
	for _, h := range append([]string{"projectId=1", "featureGroupId=14", "subjectId=7"}, headers...) {
		name, value, _ := strings.Cut(h, "=")
		r.Headers = append(r.Headers, kgo.RecordHeader{Key: name, Value: []byte(value)})
	}
	return r
}

func TestHopsworksRowsOfASharedTopic(t *testing.T) {
	f := embedded(t)
	older := `{"type":"record","name":"Clicks","fields":[{"name":"gone","type":"int"},{"name":"k","type":"string"},{"name":"v","type":["bytes","null"]},{"name":"t","type":"long"}]}`
	for name, text := range map[string]string{"hops.avsc": hopsSchema, "older.avsc": older} {
		if err := os.WriteFile(f.file(name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const five = "\x02\x0a\x02\x02\x02\x0a\x00" // [5], in its own bytes
	old := hopsworks(0, 0, "", "subjectId=6")
	old.Value = []byte{9, 2, 'd', 0, 10, 2, 2, 2, 14, 0, 2}
	list := []*kgo.Record{
		hopsworks('a', 1, five),
		hopsworks('b', 1, five, "storage=online"),
		hopsworks('c', 1, five, "storage=offline"),
		old,
		hopsworks('a', 2, "\x02\x02\x00", "upsertIfNewer=1"),
		hopsworks('x', 1, "another group's", "featureGroupId=15"),
		hopsworks('e', 1, five),
		hopsworks('e', 0, "\x00", "operation=delete", "storage=online"),
		hopsworks('f', 1, five, "storage=everywhere"),
		hopsworks('g', 1, five, "subjectId=8"),
	}
	for _, r := range list {
		r.Topic = f.topic
	}
	if err := kafkatest.Produce(t.Context(), f.brokers, list...); err != nil {
		t.Fatal(err)
	}
	l := f.run("-sqlite", f.file("online.db"), "-name", "clicks", "-key", "k", "-event-time", "t", "-schema", f.file("hops.avsc"),
		"-format", "hopsworks", "-feature-group-id", "14", "-subject", "6="+f.file("older.avsc"), "-subject", "7="+f.file("hops.avsc"))

	want := map[string]map[string]int64{
		"online":  {"other feature group": 1, "offline only": 1},
		"offline": {"other feature group": 1, "online only": 2},
	}
	for store, reasons := range want {
		if got := l.Reasons[store]["filtered"]; !maps.Equal(got, reasons) {
			t.Errorf("%s: filtered for %v, want %v", store, got, reasons)
		}
		if l.Read != 10 || l.Sinks[store]["dead"] != 2 {
			t.Errorf("%s: %+v", store, l)
		}
	}
	group := feature.Group{Name: "clicks", PrimaryKey: []string{"k"}, EventTime: "t", Order: feature.ByEventTime}
	schema, err := stages.Decode{Group: group, Schema: hopsSchema}.Describe(nil)
	if err != nil {
		t.Fatal(err)
	}
	f.hasRows(&sqlite.Sink{File: f.file("online.db")}, schema, "a@2 <nil>", "b@1 [5]", "d@1 [7]")
	f.hasRows(icescan.Table{Warehouse: f.file("warehouse")}, schema, "a@1 [5]", "a@2 <nil>", "c@1 [5]", "d@1 [7]", "e@1 [5]")
}

// hasRows compares the rows of a small store as texts.
func (f *fixture) hasRows(s scanner, schema *feature.Schema, want ...string) {
	f.Helper()
	rows := map[string]bool{}
	for row, err := range s.Scan(f.Context(), schema) {
		if err != nil {
			f.Fatal(err)
		}
		if !row.Version.Delete {
			rows[fmt.Sprintf("%v@%d %v", row.Values[0], row.Version.Time, row.Values[2])] = true
		}
	}
	for _, text := range want {
		if !rows[text] {
			f.Errorf("%T: %s is missing in %v", s, text, rows)
		}
	}
	if len(rows) != len(want) {
		f.Errorf("%T: %v, want %v", s, rows, want)
	}
}
