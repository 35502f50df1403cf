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
	"github.com/tandemdata/tandem/internal/icescan"
	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/sqlite"
	"github.com/tandemdata/tandem/sources/kafkatest"
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
	cluster, err := kafkatest.Start(nil)
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

func TestConfluentsKeysAreFramedToo(t *testing.T) {
	registry := srfake.New()
	defer registry.Close()
	registry.SeedSchema("rows-value", 1, 41, sr.Schema{Schema: avrorow.Schema})
	registry.SeedSchema("rows-key", 1, 42, sr.Schema{Schema: `"string"`})

	f := embedded(t)
	f.frame = prefix([]byte{0, 0, 0, 0, 41})
	f.wrap = func(key []byte) []byte {
		return prefix(binary.AppendVarint([]byte{0, 0, 0, 0, 42}, int64(len(key))))(key)
	}
	if err := os.WriteFile(f.file("key.avsc"), []byte(`"string"`), 0o644); err != nil {
		t.Fatal(err)
	}
	f.goesOn(&sqlite.Sink{File: f.file("online.db")}, "-sqlite", f.file("online.db"),
		"-format", "confluent", "-registry", registry.URL(), "-framed-keys", "-key-schema", f.file("key.avsc"))
}

func TestASchemaThatRefersToAnotherIsRead(t *testing.T) {
	registry := srfake.New()
	defer registry.Close()
	registry.SeedSchema("tag", 1, 40, sr.Schema{Schema: `{"type":"record","name":"Tag","namespace":"tandem","fields":[{"name":"t","type":"string"}]}`})
	registry.SeedSchema("rows-value", 1, 41, sr.Schema{
		Schema:     strings.Replace(avrorow.Schema, "[", `[{"name":"retired","type":"Tag"},`, 1),
		References: []sr.SchemaReference{{Name: "tandem.Tag", Subject: "tag", Version: 1}},
	})
	f := embedded(t)
	f.frame = prefix([]byte{0, 0, 0, 0, 41, 2, 'x'})
	f.goesOn(&sqlite.Sink{File: f.file("online.db")}, "-sqlite", f.file("online.db"),
		"-format", "confluent", "-registry", registry.URL())
}

func TestAnIncompatibleSchemaStopsOrIsRejected(t *testing.T) {
	registry := srfake.New()
	defer registry.Close()
	registry.SeedSchema("rows-value", 1, 41, sr.Schema{Schema: strings.Replace(avrorow.Schema, `"embedding"`, `"vector"`, 1)})
	f := embedded(t)
	f.frame = prefix([]byte{0, 0, 0, 0, 41})
	f.produce(50)
	flags := []string{"-sqlite", f.file("online.db"), "-format", "confluent", "-registry", registry.URL()}
	if _, err := f.try(append(flags, "-incompatible", "stop")...); err == nil || !strings.Contains(err.Error(), `"embedding"`) {
		t.Errorf("stop: %v", err)
	}
	l := f.run(flags...)
	if l.Read != 50 || l.Sinks["offline"]["dead"] == 0 || l.Sinks["offline"]["written"] > 5 { // deletes have no value
		t.Errorf("reject: %+v", l)
	}
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

func TestWhatAWriterAddsBecomesAColumnOfBothStores(t *testing.T) {
	registry := srfake.New()
	defer registry.Close()
	added := strings.Replace(avrorow.Schema, "[", `[{"name":"campaign","type":["null","string"],"default":null},`, 1)
	registry.SeedSchema("rows-value", 1, 41, sr.Schema{Schema: avrorow.Schema})
	registry.SeedSchema("rows-value", 2, 42, sr.Schema{Schema: added})
	f := embedded(t)
	f.schema = rowgen.With(f.schema, func(g *feature.Group) { g.Evolve = true })
	before, since := prefix([]byte{0, 0, 0, 0, 41}), prefix([]byte{0, 0, 0, 0, 42, 2, 2, 'x'})
	n := 0
	f.frame = func(body []byte) []byte {
		if n++; n < 6_000 || n%3 == 0 {
			return before(body)
		}
		return since(body)
	}
	online := &sqlite.Sink{File: f.file("online.db")}
	f.goesOn(online, "-sqlite", f.file("online.db"), "-format", "confluent", "-registry", registry.URL(), "-evolve")

	grown, err := f.schema.WithColumns(feature.Field{Name: "campaign", Kind: feature.String, Nullable: true})
	if err != nil {
		t.Fatal(err)
	}
	for name, store := range map[string]scanner{"online": online, "offline": icescan.Table{Warehouse: f.file("warehouse")}} {
		seen := map[any]int{}
		for row, err := range store.Scan(t.Context(), grown) {
			if err != nil {
				t.Fatal(err)
			}
			seen[row.Values[len(row.Values)-1]]++
		}
		if seen["x"] == 0 || seen[nil] == 0 || len(seen) != 2 {
			t.Errorf("%s: campaigns %v", name, seen)
		}
	}
}

func TestTheFormatsFlagsAreChecked(t *testing.T) {
	for want, flags := range map[string][]string{
		"want avro, confluent, single-object or hopsworks": {"-format", "json"},
		"are for -format hopsworks":                        {"-subject", "a.avsc"},
		"are for -format":                                  {"-feature-group-id", "4"},
		"want reject or stop":                              {"-incompatible", "pass"},
		"\"seven\" is not an id":                           {"-format", "hopsworks", "-subject", "seven=a.avsc"},
		"was given before":                                 {"-format", "hopsworks", "-subject", "7=a.avsc", "-subject", "7=b.avsc"},
		"need each other":                                  {"-format", "confluent"},
		"is for -format single-object":                     {"-schemas", "a.avsc"},
	} {
		_, err := parse(append([]string{"-sqlite", "x", "-schema", "y"}, flags...))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", flags, err)
		}
	}
}
