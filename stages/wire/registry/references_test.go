package registry_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hamba/avro/v2"
	"github.com/twmb/franz-go/pkg/sr"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/stages/wire"
	"github.com/tandemdata/tandem/stages/wire/registry"
)

func refer(name string) sr.SchemaReference {
	return sr.SchemaReference{Name: name, Subject: name, Version: 1}
}

func TestSchemasThatAreReferredToArePutWhereTheyAreNamed(t *testing.T) {
	s := serve(t, httptest.NewServer)
	s.fake.SeedSchema("geo.Point", 1, 20, sr.Schema{Schema: `{"type":"record","name":"Point","namespace":"geo","fields":[{"name":"x","type":"double"},{"name":"unit","type":{"type":"enum","name":"Unit","symbols":["M"]}}]}`})
	s.fake.SeedSchema("Suit", 1, 21, sr.Schema{Schema: `{"type":"enum","name":"Suit","symbols":["S","H"]}`})
	s.fake.SeedSchema("shop.Place", 1, 22, sr.Schema{
		Schema:     `{"type":"record","name":"shop.Place","fields":[{"name":"at","type":"geo.Point"},{"name":"was","type":["null","geo.Point"]}]}`,
		References: []sr.SchemaReference{refer("geo.Point")},
	})
	s.fake.SeedSchema("row", 1, 23, sr.Schema{
		Schema:     `{"type":"record","name":"Row","namespace":"shop","fields":[{"name":"s","type":"int","default":12345678901234567890},{"name":"p","type":"Place"},{"name":"l","type":{"type":"array","items":"shop.Place"}},{"name":"q","type":{"type":"map","values":["null","geo.Point"]}},{"name":"u","type":"geo.Unit"}]}`,
		References: []sr.SchemaReference{refer("shop.Place"), refer("geo.Point")},
	})
	s.fake.SeedSchema("plain", 1, 24, sr.Schema{
		Schema:     `{"type":"record","name":"Plain","fields":[{"name":"s","type":"Suit"},{"name":"again","type":["null","Suit"]}]}`,
		References: []sr.SchemaReference{refer("Suit")},
	})
	c := open(t, registry.Config{URLs: []string{s.url}})
	for id, want := range map[int]string{
		23: `{"name":"shop.Row","type":"record","fields":[{"name":"s","type":"int"},` +
			`{"name":"p","type":{"name":"shop.Place","type":"record","fields":[{"name":"at","type":{"name":"geo.Point","type":"record","fields":[{"name":"x","type":"double"},{"name":"unit","type":{"name":"geo.Unit","type":"enum","symbols":["M"]}}]}},{"name":"was","type":["null","geo.Point"]}]}},` +
			`{"name":"l","type":{"type":"array","items":"shop.Place"}},{"name":"q","type":{"type":"map","values":["null","geo.Point"]}},{"name":"u","type":"geo.Unit"}]}`,
		24: `{"name":"Plain","type":"record","fields":[{"name":"s","type":{"name":"Suit","type":"enum","symbols":["S","H"]}},{"name":"again","type":["null","Suit"]}]}`,
	} {
		got, err := c.Schema(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := avro.ParseWithCache(strings.Replace(got, `"default":12345678901234567890,`, "", 1), "", &avro.SchemaCache{})
		if err != nil || parsed.String() != want {
			t.Errorf("%d: %v, %s\n got %v\nwant %s", id, err, got, parsed, want)
		}
	}
	before := s.asked.Load()
	if _, err := c.Schema(t.Context(), 23); err != nil || s.asked.Load() != before {
		t.Errorf("%v, asked again", err)
	}
}

func TestReferencesThatLeadNowhereAreBounded(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		next := asked
		switch {
		case strings.HasSuffix(r.URL.Path, "/ids/1"): // its reference refers to itself
			next = 0
		case strings.Contains(r.URL.Path, "/S0/"):
			next = 0
		case strings.HasSuffix(r.URL.Path, "/ids/3"):
			fmt.Fprint(w, `{"schema":"\"int\"","references":[{"name":"n","subject":"none","version":1}]}`)
			return
		case strings.Contains(r.URL.Path, "/none/"):
			fmt.Fprint(w, `{"schema":"\"int\""}`)
			return
		}
		fmt.Fprintf(w, `{"schema":"{\"type\":\"fixed\",\"name\":\"F%d\",\"size\":1}","references":[{"name":"S%d","subject":"S%d","version":1}]}`, next, next, next)
	}))
	defer server.Close()
	c := open(t, registry.Config{URLs: []string{server.URL}})
	if got, err := c.Schema(t.Context(), 1); err != nil || asked != 2 {
		t.Errorf("a circle: %s, %v, asked %d times", got, err, asked)
	}
	asked = 0
	if _, err := c.Schema(t.Context(), 2); !errors.Is(err, wire.ErrUnknownSchema) || asked > 300 {
		t.Errorf("without end: %v, asked %d times", err, asked)
	}
	if _, err := c.Schema(t.Context(), 3); !errors.Is(err, wire.ErrUnknownSchema) {
		t.Errorf("a reference to what has no name: %v", err)
	}
}

func TestAReferenceThatCantBeAskedForNowIsWaitedFor(t *testing.T) {
	s := serve(t, httptest.NewServer)
	s.fake.SeedSchema("Suit", 1, 21, sr.Schema{Schema: `{"type":"enum","name":"Suit","symbols":["S","H"]}`})
	s.fake.SeedSchema("plain", 1, 24, sr.Schema{
		Schema:     `{"type":"record","name":"Plain","fields":[{"name":"s","type":"Suit"}]}`,
		References: []sr.SchemaReference{refer("Suit")},
	})
	up := true
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !up && strings.HasPrefix(r.URL.Path, "/subjects") {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		s.fake.Handler().ServeHTTP(w, r)
	}))
	defer server.Close()
	c := open(t, registry.Config{URLs: []string{server.URL}})
	up = false
	if _, err := c.Schema(t.Context(), 24); !pipeline.IsTransient(err) {
		t.Errorf("while it is down: %v", err)
	}
	up = true
	if got, err := c.Schema(t.Context(), 24); err != nil || !strings.Contains(got, "symbols") {
		t.Errorf("back again: %s, %v", got, err)
	}
}
