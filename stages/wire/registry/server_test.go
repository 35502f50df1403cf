package registry_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/hamba/avro/v2"
	"github.com/twmb/franz-go/pkg/sr"

	"github.com/tandemdata/tandem/internal/servers"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/stages/wire"
	"github.com/tandemdata/tandem/stages/wire/registry"
)

// A registry that nobody here wrote: ids are its own, and so is the text in which it gives a schema back.
func TestARealRegistryGivesTheSchemasOfItsIDs(t *testing.T) {
	url := servers.Registry(t)
	client, err := sr.NewClient(sr.URLs(url))
	if err != nil {
		t.Fatal(err)
	}
	subject := fmt.Sprintf("rows-%d-value", time.Now().UnixNano())
	first, err := client.CreateSchema(t.Context(), subject, sr.Schema{Schema: schema})
	if err != nil {
		t.Fatal(err)
	}
	const wider = `{"type":"record","name":"R","fields":[{"name":"k","type":"string"},{"name":"n","type":["null","long"],"default":null}]}`
	second, err := client.CreateSchema(t.Context(), subject, sr.Schema{Schema: wider})
	if err != nil {
		t.Fatal(err)
	}
	c := open(t, registry.Config{URLs: []string{url}})
	for id, want := range map[int]string{first.ID: schema, second.ID: wider} {
		if got, err := c.Schema(t.Context(), id); err != nil || got != want {
			t.Errorf("id %d: %q, %v; want %q", id, got, err, want)
		}
	}
	f := wire.Confluent{Registry: c}
	frame := binary.BigEndian.AppendUint32([]byte{0}, uint32(second.ID))
	envelope, err := f.Unpack(&feature.Record{Value: append(frame, 2, 'a', 0)})
	if err != nil || envelope.Writer != uint64(second.ID) {
		t.Errorf("%+v, %v", envelope, err)
	}
}

func TestARealRegistrySaysThatItDoesNotKnowAnID(t *testing.T) {
	c := open(t, registry.Config{URLs: []string{servers.Registry(t)}})
	if _, err := c.Schema(t.Context(), 1<<30); !errors.Is(err, wire.ErrUnknownSchema) || pipeline.IsTransient(err) {
		t.Errorf("%v", err)
	}
}

func TestARealRegistryGivesASchemaThatRefersToAnother(t *testing.T) {
	url := servers.Registry(t)
	client, err := sr.NewClient(sr.URLs(url))
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("Tag%d", time.Now().UnixNano())
	tag, err := client.CreateSchema(t.Context(), name, sr.Schema{Schema: `{"type":"record","name":"` + name + `","namespace":"geo","fields":[{"name":"x","type":"long"}]}`})
	if err != nil {
		t.Fatal(err)
	}
	row, err := client.CreateSchema(t.Context(), name+"-value", sr.Schema{
		Schema:     `{"type":"record","name":"R","fields":[{"name":"k","type":"string"},{"name":"at","type":["null","geo.` + name + `"]}]}`,
		References: []sr.SchemaReference{{Name: "geo." + name, Subject: name, Version: tag.Version}},
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := open(t, registry.Config{URLs: []string{url}}).Schema(t.Context(), row.ID)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := avro.ParseWithCache(got, "", &avro.SchemaCache{})
	want := `{"name":"R","type":"record","fields":[{"name":"k","type":"string"},{"name":"at","type":["null",{"name":"geo.` + name + `","type":"record","fields":[{"name":"x","type":"long"}]}]}]}`
	if err != nil || parsed.String() != want {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
}
