package crash

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"github.com/tandemdata/tandem/internal/servers"
)

// Proxy stands between the children and a server, on 127.0.0.1.
type Proxy struct {
	Addr string // for the children

	proxy *toxiproxy.Proxy
}

// NewProxy opens one in front of a server.
func NewProxy(s *servers.Own) (*Proxy, error) {
	listen, upstream, err := s.Behind()
	if err != nil {
		return nil, err
	}
	zerolog.SetGlobalLevel(zerolog.Disabled) // toxics write to a logger that can't be set
	host := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	p := &Proxy{Addr: listen, proxy: toxiproxy.NewProxy(host, listen, listen, upstream)}
	if err := p.proxy.Start(); err != nil {
		return nil, fmt.Errorf("proxy in front of %s: %w", upstream, err)
	}
	return p, nil
}

// Close ends the proxy and its connections.
func (p *Proxy) Close() { p.proxy.Stop() }

// Cut ends all connections, and refuses new ones until Mend.
func (p *Proxy) Cut() error {
	p.proxy.Stop()
	return nil
}

// Mend ends what any of the others began.
func (p *Proxy) Mend() error {
	p.proxy.Toxics.ResetToxics(context.Background())
	if err := p.proxy.Start(); err != nil && err != toxiproxy.ErrProxyAlreadyStarted {
		return fmt.Errorf("proxy at %s: %w", p.Addr, err)
	}
	return nil
}

// Delay has every answer take longer, by d and as much again at most.
func (p *Proxy) Delay(d time.Duration) error {
	return p.toxic("latency", map[string]int64{"latency": d.Milliseconds(), "jitter": d.Milliseconds()})
}

// Slow lets no more answers through than so many kilobytes a second and connection.
func (p *Proxy) Slow(rate int64) error {
	return p.toxic("bandwidth", map[string]int64{"rate": rate})
}

// Reset ends connections with a TCP reset, old ones and new ones, once they have lived for d.
func (p *Proxy) Reset(d time.Duration) error {
	return p.toxic("reset_peer", map[string]int64{"timeout": d.Milliseconds()})
}

// HangUp takes connections and ends them before the first answer.
func (p *Proxy) HangUp() error {
	return p.toxic("limit_data", map[string]int64{"bytes": 0})
}

func (p *Proxy) toxic(kind string, attributes map[string]int64) error {
	text, err := json.Marshal(map[string]any{"type": kind, "attributes": attributes})
	if err == nil {
		_, err = p.proxy.Toxics.AddToxicJson(bytes.NewReader(text))
	}
	if err != nil {
		return fmt.Errorf("proxy at %s: %s: %w", p.Addr, kind, err)
	}
	return nil
}
