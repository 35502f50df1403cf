package registry_test

import (
	"crypto/tls"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/sr"
	"github.com/twmb/franz-go/pkg/sr/srfake"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/stages/wire"
	"github.com/tandemdata/tandem/stages/wire/registry"
)

const schema = `{"type":"record","name":"R","fields":[{"name":"k","type":"string"}]}`

// served is a registry that may be down, and counts what it is asked.
type served struct {
	fake  *srfake.Registry
	url   string
	tls   *tls.Config
	down  atomic.Int32 // the status that it answers with
	asked atomic.Int32
}

func serve(t *testing.T, start func(http.Handler) *httptest.Server, opts ...srfake.Option) *served {
	t.Helper()
	s := &served{fake: srfake.NewRegistry(opts...)}
	s.fake.SeedSchema("rows-value", 1, 7, sr.Schema{Schema: schema})
	s.fake.SeedSchema("other-value", 1, 8, sr.Schema{Schema: `{"type":"object"}`, Type: sr.TypeJSON})
	server := start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		if code := s.down.Load(); code > 0 {
			w.WriteHeader(int(code))
			return
		}
		s.fake.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s.url = server.URL
	if transport, ok := server.Client().Transport.(*http.Transport); ok {
		s.tls = transport.TLSClientConfig
	}
	return s
}

func open(t *testing.T, s registry.Config) *registry.Client {
	t.Helper()
	c, err := registry.New(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAnIDIsAskedForOnceAndKeptForGood(t *testing.T) {
	s := serve(t, httptest.NewServer)
	c := open(t, registry.Config{URLs: []string{s.url}})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if got, err := c.Schema(t.Context(), 7); err != nil || got != schema {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
	all.Wait()
	before := s.asked.Load()
	s.down.Store(503)
	if got, err := c.Schema(t.Context(), 7); err != nil || got != schema || s.asked.Load() != before {
		t.Errorf("while it is down: %q, %v, asked %d times", got, err, s.asked.Load()-before)
	}
}

func TestARegistryThatIsDownIsWaitedFor(t *testing.T) {
	s := serve(t, httptest.NewServer)
	c := open(t, registry.Config{URLs: []string{s.url}})
	for _, code := range []int32{500, 503, 429, 408} {
		s.down.Store(code)
		if _, err := c.Schema(t.Context(), 7); !pipeline.IsTransient(err) {
			t.Errorf("%d: %v", code, err)
		}
	}
	s.down.Store(0)
	if got, err := c.Schema(t.Context(), 7); err != nil || got != schema {
		t.Errorf("back again: %q, %v", got, err)
	}
	gone := httptest.NewServer(nil)
	gone.Close()
	if _, err := open(t, registry.Config{URLs: []string{gone.URL}}).Schema(t.Context(), 7); !pipeline.IsTransient(err) {
		t.Errorf("nobody listens: %v", err)
	}
	if got, err := open(t, registry.Config{URLs: []string{gone.URL, s.url}}).Schema(t.Context(), 7); err != nil || got != schema {
		t.Errorf("the second URL: %q, %v", got, err)
	}
}

func TestAnIDThatTheRegistryDoesNotKnow(t *testing.T) {
	s := serve(t, httptest.NewServer)
	c := open(t, registry.Config{URLs: []string{s.url}, UnknownTTL: time.Hour})
	for range 3 {
		if _, err := c.Schema(t.Context(), 9); !errors.Is(err, wire.ErrUnknownSchema) || pipeline.IsTransient(err) {
			t.Fatal(err)
		}
	}
	if s.asked.Load() != 1 {
		t.Errorf("asked %d times", s.asked.Load())
	}
	if _, err := c.Schema(t.Context(), 8); !errors.Is(err, wire.ErrUnknownSchema) || !strings.Contains(err.Error(), "JSON") {
		t.Errorf("not Avro: %v", err)
	}
	s.fake.SeedSchema("rows-value", 2, 9, sr.Schema{Schema: schema})
	soon := open(t, registry.Config{URLs: []string{s.url}, UnknownTTL: time.Nanosecond})
	if _, err := soon.Schema(t.Context(), 10); !errors.Is(err, wire.ErrUnknownSchema) {
		t.Fatal(err)
	}
	s.fake.SeedSchema("rows-value", 3, 10, sr.Schema{Schema: schema})
	if got, err := soon.Schema(t.Context(), 10); err != nil || got != schema {
		t.Errorf("registered since: %q, %v", got, err)
	}
}

func TestWrongSettingsAreNotWaitedFor(t *testing.T) {
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("me:secret"))
	s := serve(t, httptest.NewServer, srfake.WithAuth(basic))
	if got, err := open(t, registry.Config{URLs: []string{s.url}, User: "me", Password: "secret"}).Schema(t.Context(), 7); err != nil || got != schema {
		t.Errorf("basic: %q, %v", got, err)
	}
	_, err := open(t, registry.Config{URLs: []string{s.url}, User: "me", Password: "wrong"}).Schema(t.Context(), 7)
	if err == nil || pipeline.IsTransient(err) || errors.Is(err, wire.ErrUnknownSchema) || strings.Contains(err.Error(), "wrong") || !strings.Contains(err.Error(), "403") {
		t.Errorf("wrong password: %v", err)
	}

	s = serve(t, httptest.NewServer, srfake.WithAuth("Bearer abc"))
	if got, err := open(t, registry.Config{URLs: []string{s.url}, Token: "abc"}).Schema(t.Context(), 7); err != nil || got != schema {
		t.Errorf("bearer: %q, %v", got, err)
	}

	s = serve(t, httptest.NewServer)
	s.down.Store(404)
	if _, err := open(t, registry.Config{URLs: []string{s.url}}).Schema(t.Context(), 7); err == nil || pipeline.IsTransient(err) || errors.Is(err, wire.ErrUnknownSchema) {
		t.Errorf("no registry there: %v", err)
	}
}

func TestTLS(t *testing.T) {
	s := serve(t, httptest.NewTLSServer)
	if got, err := open(t, registry.Config{URLs: []string{s.url}, TLS: s.tls}).Schema(t.Context(), 7); err != nil || got != schema {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := open(t, registry.Config{URLs: []string{s.url}}).Schema(t.Context(), 7); err == nil || pipeline.IsTransient(err) {
		t.Errorf("an authority that isn't known: %v", err)
	}
}

func TestSettingsAreChecked(t *testing.T) {
	_, err := registry.New(registry.Config{URLs: []string{"localhost:8081"}, User: "me", Token: "abc", Timeout: -1})
	for _, want := range []string{`"localhost:8081": want http`, "not both", "negative"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in %v", want, err)
		}
	}
	if _, err := registry.New(registry.Config{URLs: []string{"http://me:secret@localhost:8081"}}); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("a password in a URL: %v", err)
	}
	if _, err := registry.New(registry.Config{}); err == nil {
		t.Error("no URL was taken")
	}
}
