package cassandra

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/big"
	"sync"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

var _ pipeline.KeyReader = (*Sink)(nil)

// ShowsDeletes is false: Cassandra shows no trace of what was deleted.
func (s *Sink) ShowsDeletes() bool { return false }

const (
	scanRanges = 512  // of tokens, each read by itself
	scanSide   = 8    // of them side by side
	scanRows   = 4096 // rows given at a time
	lookUps    = 64   // keys asked for side by side
)

// ScanKeys reads the table once, by ranges of tokens.
func (s *Sink) ScanKeys(ctx context.Context, schema *feature.Schema, do func(*feature.Scanned) error) error {
	r, err := s.reader(ctx, schema)
	if err != nil {
		return err
	}
	defer r.c.Close()
	query := r.table.scan() + fmt.Sprintf(" WHERE token(%s) >= ? AND token(%[1]s) <= ?", join(r.table.keys(), quoted, ", "))
	return r.side(ctx, scanSide, scanRanges, func(ctx context.Context, i int, p *page) error {
		from, to := tokens(i)
		return p.read(ctx, do, query, from, to)
	})
}

// tokens are the ends of a range.
func tokens(i int) (from, to int64) {
	at := func(i int) int64 {
		n := new(big.Int).Mul(new(big.Int).SetUint64(math.MaxUint64), big.NewInt(int64(i)))
		n.Add(n.Div(n, big.NewInt(scanRanges)), big.NewInt(math.MinInt64))
		return n.Int64()
	}
	if from = at(i); i > 0 {
		from++
	}
	return from, at(i + 1)
}

// LookUp asks for some keys side by side.
func (s *Sink) LookUp(ctx context.Context, schema *feature.Schema, keys [][]any, do func(feature.Stored) error) error {
	r, err := s.reader(ctx, schema)
	if err != nil {
		return err
	}
	defer r.c.Close()
	query := r.table.scan() + " WHERE " + join(r.table.keys(), bound, " AND ")
	var mu sync.Mutex
	return r.side(ctx, lookUps, len(keys), func(ctx context.Context, i int, p *page) error {
		args := make([]any, len(keys[i]))
		for k, v := range keys[i] {
			c := feature.NewColumn(schema.Fields[schema.Keys()[k]])
			if err := c.Append(v); err != nil {
				return err
			}
			w := wire(appendValue(nil, &c, 0))
			args[k] = &w
		}
		return p.read(ctx, func(rows *feature.Scanned) error {
			mu.Lock()
			defer mu.Unlock()
			return do(rows.Row(0))
		}, query, args...)
	})
}

// reader reads a group's table through a connection of its own.
type reader struct {
	c     *connection
	table *table
}

func (s *Sink) reader(ctx context.Context, schema *feature.Schema) (*reader, error) {
	if err := s.Check(schema); err != nil {
		return nil, err
	}
	t := newTable(s.Keyspace, s.layout(schema), schema)
	c, err := s.connect(slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	if schema.Group.Evolve {
		if t, err = c.asItIs(ctx, t); err != nil {
			c.Close()
			return nil, err
		}
	}
	return &reader{c, t}, nil
}

func (r *reader) failed(err error) error {
	return fmt.Errorf("scan %s: %w", r.table.qualified(r.table.name()), err)
}

// side does n things, some side by side, each of which gets a page of its own.
func (r *reader) side(ctx context.Context, side, n int, do func(context.Context, int, *page) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(side, n) {
		workers.Go(func() {
			p := newPage(r)
			for i := range next {
				if err := do(ctx, i, p); err != nil {
					stop(r.failed(err))
				}
			}
		})
	}
	for i := 0; i < n && ctx.Err() == nil; i++ {
		select {
		case next <- i:
		case <-ctx.Done():
		}
	}
	close(next)
	workers.Wait()
	return context.Cause(ctx)
}

// page is rows on their way to whoever asked.
type page struct {
	*reader
	cells []wire
	into  []any
	out   *feature.Scanned
}

func newPage(r *reader) *page {
	p := &page{reader: r, cells: make([]wire, r.table.scanned()), out: feature.NewScanned(r.table.schema)}
	for i := range p.cells {
		p.into = append(p.into, &p.cells[i])
	}
	return p
}

// read gives the rows of a query. Wide rows come in smaller pages: each null of
// a plain row is a tombstone, of which a node reads a hundred thousand at most.
func (p *page) read(ctx context.Context, do func(*feature.Scanned) error, query string, args ...any) error {
	rows := p.c.Query(query, args...).WithContext(ctx).PageSize(max(min(5000, 50_000/len(p.table.fields())), 100)).Iter()
	for rows.Scan(p.into...) {
		row, err := p.table.stored(p.cells)
		if err == nil {
			err = p.out.Add(row)
		}
		if err == nil && p.out.Len() == scanRows {
			err = p.give(do)
		}
		if err != nil {
			return errors.Join(err, rows.Close())
		}
	}
	return errors.Join(rows.Close(), p.give(do))
}

func (p *page) give(do func(*feature.Scanned) error) error {
	if p.out.Len() == 0 {
		return nil
	}
	defer p.out.Clear()
	return do(p.out)
}
