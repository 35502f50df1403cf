package parquet

import (
	"context"
	"sync"
	"time"
)

// pace slows a rewrite down to so many bytes a second. A nil one doesn't.
type pace struct {
	yield func(ctx context.Context) // waits while others are in need of the machine

	mu    sync.Mutex
	rate  func() float64 // bytes a second
	until time.Time      // when what was spent so far is paid for
}

// spend waits until so many bytes may be written.
func (p *pace) spend(ctx context.Context, bytes int) error {
	if p == nil {
		return ctx.Err()
	}
	p.yield(ctx)
	return pause(ctx, p.owe(bytes, time.Now()))
}

// owe is how long to wait for bytes that are spent now.
func (p *pace) owe(bytes int, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.until.Before(now) {
		p.until = now
	}
	p.until = p.until.Add(time.Duration(float64(bytes) / p.rate() * float64(time.Second)))
	return p.until.Sub(now)
}
