package main

import (
	"context"
	"hash/maphash"
	"os"

	"github.com/hamba/avro/v2"
	pq "github.com/parquet-go/parquet-go"
	"github.com/twmb/franz-go/pkg/kgo"
)

// straightLine is what one would write for this one topic, without a framework:
// franz-go, hamba's Reader into structs, a map that drops what came before, and
// parquet-go's own writer or, without a file, nothing. It has no order, no
// offsets and no commit.
func straightLine(t topic, intoFile bool) contestant {
	return contestant{"straight line", func(ctx context.Context, c *clock) (int64, error) {
		out := discard
		if intoFile {
			file, w, err := staticWriter()
			if err != nil {
				return 0, err
			}
			defer os.Remove(file.Name())
			out = func(rows []row, last bool) (int, error) { return writeStatic(file, w, rows, last) }
		}
		c.start()
		defer c.stop()
		client, err := kgo.NewClient(kgo.SeedBrokers(t.brokers...), kgo.ConsumeTopics(t.name),
			kgo.FetchMaxBytes(16<<20), kgo.FetchMaxPartitionBytes(2<<20))
		if err != nil {
			return 0, err
		}
		defer client.Close()
		s := &straight{reader: avro.NewReader(nil, 0), seen: map[string]uint64{}, seed: maphash.MakeSeed(), rows: make([]row, 0, 8192), out: out}
		for s.read < t.rows && s.err == nil {
			fetches := client.PollFetches(ctx)
			if err := fetches.Err(); err != nil {
				return 0, err
			}
			fetches.EachRecord(s.take)
		}
		s.hand(true)
		return s.read, s.err
	}}
}

// straight is a run of it.
type straight struct {
	reader *avro.Reader
	seen   map[string]uint64 // the last body of each key
	seed   maphash.Seed
	rows   []row
	read   int64
	out    func(rows []row, last bool) (int, error)
	err    error
}

func (s *straight) take(rec *kgo.Record) {
	s.read++
	body := maphash.Bytes(s.seed, rec.Value)
	if s.seen[string(rec.Key)] == body {
		return
	}
	s.seen[string(rec.Key)] = body
	s.rows = s.rows[:len(s.rows)+1]
	s.reader.Reset(rec.Value)
	s.rows[len(s.rows)-1].read(s.reader)
	if s.reader.Error != nil {
		s.err = s.reader.Error
	}
	if len(s.rows) == cap(s.rows) {
		s.hand(false)
	}
}

func (s *straight) hand(last bool) {
	if _, err := s.out(s.rows, last); err != nil && s.err == nil {
		s.err = err
	}
	s.rows = s.rows[:0]
}

func discard([]row, bool) (int, error) { return 0, nil }

func staticWriter() (*os.File, *pq.GenericWriter[row], error) {
	f, err := os.CreateTemp("", "benchmarks-*.parquet")
	if err != nil {
		return nil, nil, err
	}
	return f, pq.NewGenericWriter[row](f, pq.Compression(&pq.Snappy), pq.DataPageVersion(1),
		pq.PageBufferSize(256<<10), pq.DictionaryMaxBytes(1<<20)), nil
}

// writeStatic writes rows, and after the last of them the footer, and syncs.
func writeStatic(f *os.File, w *pq.GenericWriter[row], rows []row, last bool) (int, error) {
	n, err := w.Write(rows)
	if err != nil || !last {
		return n, err
	}
	if err := w.Close(); err != nil {
		return n, err
	}
	if err := f.Sync(); err != nil {
		return n, err
	}
	return n, f.Close()
}
