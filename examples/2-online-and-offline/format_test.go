package main

import (
	"encoding/base64"
	"encoding/binary"
	"os"
	"strings"
	"testing"

	"github.com/twmb/avro"
	"github.com/twmb/franz-go/pkg/sr"
	"github.com/twmb/franz-go/pkg/sr/srfake"

	"github.com/tandemdata/tandem/internal/avrorow"
	"github.com/tandemdata/tandem/internal/embedkafka"
	"github.com/tandemdata/tandem/sinks/sqlite"
)

// older wrote a field first that is gone since.
var older = strings.Replace(avrorow.Schema, "[", `[{"name":"retired","type":"string"},`, 1)

// turns frames one body as now and the next one as before.
func turns(now, before func(body []byte) []byte) func([]byte) []byte {
	n := 0
	return func(body []byte) []byte {
		if n++; n%2 == 0 {
			return now(body)
		}
		return before(append([]byte("\x02x"), body...))
	}
}

func prefix(head []byte) func([]byte) []byte {
	return func(body []byte) []byte { return append(append([]byte(nil), head...), body...) }
}

func embedded(t *testing.T) *fixture {
	t.Helper()
	cluster, err := embedkafka.Start(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	return newFixture(t, cluster.Brokers())
}

func TestConfluentsRowsOfTwoSchemas(t *testing.T) {
	t.Setenv("REGISTRY_PASSWORD", "secret")
	registry := srfake.New(srfake.WithAuth("Basic " + base64.StdEncoding.EncodeToString([]byte("me:secret"))))
	defer registry.Close()
	registry.SeedSchema("rows-value", 1, 41, sr.Schema{Schema: older})
	registry.SeedSchema("rows-value", 2, 70_000, sr.Schema{Schema: avrorow.Schema})
	id := func(n uint32) func([]byte) []byte { return prefix(binary.BigEndian.AppendUint32([]byte{0}, n)) }

	f := embedded(t)
	f.frame = turns(id(70_000), id(41))
	f.goesOn(&sqlite.Sink{File: f.file("online.db")}, "-sqlite", f.file("online.db"),
		"-format", "confluent", "-registry", registry.URL(), "-registry-user", "me")
}

func TestSingleObjectsOfTwoSchemas(t *testing.T) {
	mark := func(schema string) func([]byte) []byte {
		h := avro.NewRabin()
		_, _ = h.Write(avro.MustParse(schema).Canonical())
		return prefix(binary.LittleEndian.AppendUint64([]byte{0xc3, 1}, h.Sum64()))
	}
	f := embedded(t)
	if err := os.WriteFile(f.file("older.avsc"), []byte(older), 0o644); err != nil {
		t.Fatal(err)
	}
	f.frame = turns(mark(avrorow.Schema), mark(older))
	f.goesOn(&sqlite.Sink{File: f.file("online.db")}, "-sqlite", f.file("online.db"),
		"-format", "single-object", "-schemas", f.file("older.avsc"))
}

func TestTheFormatsFlagsAreChecked(t *testing.T) {
	for want, flags := range map[string][]string{
		"want avro, confluent or single-object": {"-format", "json"},
		"need each other":                       {"-format", "confluent"},
		"is for -format single-object":          {"-schemas", "a.avsc"},
	} {
		_, err := parse(append([]string{"-sqlite", "x", "-schema", "y"}, flags...))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", flags, err)
		}
	}
}
