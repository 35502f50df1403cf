// Package registry is where decode finds the schema of an id: a Confluent
// schema registry, or any that speaks its HTTP interface.
package registry

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/sr"

	"github.com/tandemdata/tandem/stages/wire"
)

// Config is where the registry is and how it is asked.
type Config struct {
	URLs     []string // required: of one registry; each is tried in turn
	User     string   // for basic authentication; default none
	Password string
	Token    string        // for a bearer token, in place of User; default none
	TLS      *tls.Config   // default: the system's authorities
	Timeout  time.Duration // of one request; default 5s

	// UnknownTTL is how long an id that the registry doesn't know isn't asked for
	// once more. Default 10s.
	UnknownTTL time.Duration
}

// Client asks for each schema once and keeps it for good, for all lanes: ids
// that are known go on while the registry is down.
type Client struct {
	sr         *sr.Client
	unknownTTL time.Duration

	mu      sync.Mutex
	known   map[int]string
	unknown map[int]time.Time // until when; bounded, as a log may hold any id
}

var _ wire.Registry = (*Client)(nil)

// most is how many unknown ids are remembered.
const most = 1024

// New checks the settings. Nothing is asked yet.
func New(c Config) (*Client, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if c.Timeout == 0 {
		c.Timeout = 5 * time.Second
	}
	if c.UnknownTTL == 0 {
		c.UnknownTTL = 10 * time.Second
	}
	opts := []sr.ClientOpt{sr.URLs(append([]string(nil), c.URLs...)...), sr.HTTPClient(&http.Client{Timeout: c.Timeout}), sr.UserAgent("tandem")}
	if c.TLS != nil {
		opts = append(opts, sr.DialTLSConfig(c.TLS))
	}
	switch {
	case c.User != "":
		opts = append(opts, sr.BasicAuth(c.User, c.Password))
	case c.Token != "":
		opts = append(opts, sr.BearerToken(c.Token))
	}
	client, err := sr.NewClient(opts...)
	if err != nil {
		return nil, err
	}
	return &Client{sr: client, unknownTTL: c.UnknownTTL, known: map[int]string{}, unknown: map[int]time.Time{}}, nil
}

func (c Config) check() error {
	var errs []error
	if len(c.URLs) == 0 {
		errs = append(errs, errors.New("no URL of a registry"))
	}
	for _, u := range c.URLs {
		if p, err := url.Parse(u); err != nil || p.Host == "" || p.User != nil || p.Scheme != "http" && p.Scheme != "https" {
			errs = append(errs, fmt.Errorf("registry %q: want http://host:port or https://host:port, and a user apart from it", redacted(u)))
		}
	}
	if c.User != "" && c.Token != "" {
		errs = append(errs, errors.New("the registry takes a user or a token, not both"))
	}
	if c.Timeout < 0 || c.UnknownTTL < 0 {
		errs = append(errs, errors.New("a time is negative"))
	}
	return errors.Join(errs...)
}

// redacted is a URL without what may be a password.
func redacted(u string) string {
	if i := strings.LastIndexByte(u, '@'); i >= 0 {
		return "…@" + u[i+1:]
	}
	return u
}

// Schema gives the Avro schema of an id. Where the registry doesn't know it or
// it is of another kind, the error is wire.ErrUnknownSchema; where the
// registry can't answer now, it is made by pipeline.Transient. Schemas that it
// refers to, in other subjects, are put in it where they are first named.
func (c *Client) Schema(ctx context.Context, id int) (string, error) {
	c.mu.Lock()
	schema, ok := c.known[id]
	until := c.unknown[id]
	c.mu.Unlock()
	if ok {
		return schema, nil
	}
	if time.Now().Before(until) {
		return "", wire.ErrUnknownSchema
	}
	// Lanes may ask for one id at once, each for itself: under the lock, one
	// that waits for a registry that is down would hold up those that needn't.
	schema, err := c.ask(ctx, id)
	c.learn(id, schema, err)
	return schema, err
}

// ask gives a schema with what it refers to in it.
func (c *Client) ask(ctx context.Context, id int) (string, error) {
	got, err := c.sr.SchemaByID(ctx, id)
	switch {
	case err != nil:
		return "", classify(err)
	case got.Type != sr.TypeAvro:
		return "", fmt.Errorf("it is of type %v, not Avro: %w", got.Type, wire.ErrUnknownSchema)
	case len(got.References) == 0:
		return got.Schema, nil
	}
	r := references{client: c.sr, asked: map[version]bool{}, named: names{}}
	if err := r.collect(ctx, got.References); err != nil {
		return "", err
	}
	return r.named.inline(got.Schema)
}

func (c *Client) learn(id int, schema string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err == nil:
		c.known[id] = schema
	case errors.Is(err, wire.ErrUnknownSchema):
		if len(c.unknown) >= most {
			clear(c.unknown)
		}
		c.unknown[id] = time.Now().Add(c.unknownTTL)
	}
}
