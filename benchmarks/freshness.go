package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gocql/gocql"
	"github.com/hamba/avro/v2"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tandemdata/tandem/internal/avrorow"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/cassandra"
	"github.com/tandemdata/tandem/sinks/parquet"
	"github.com/tandemdata/tandem/stages"
)

// probes is how many rows a second are looked for in Cassandra until they are
// there. Each has a key of its own.
const probes = 50

// fresh is one run of rows through something that brings them to Cassandra.
type fresh struct {
	topic    string
	brokers  []string
	db       *gocql.Session
	table    string // keyspace.table
	rate     int    // rows a second
	lasts    time.Duration
	produced *produced
}

// produced is when each row was given to the producer.
type produced struct {
	mu sync.Mutex
	at map[int64]time.Time // by offset; the topic has one partition
}

// measureFreshness is the time from produce to visible in Cassandra and to
// visible in a snapshot, and that of a loop without a framework.
func (s *suite) measureFreshness(ctx context.Context) error {
	brokers, err := s.aKafka(ctx)
	if err != nil {
		return err
	}
	host, err := s.aCassandra(ctx)
	if err != nil {
		return err
	}
	lasts := 15 * time.Second
	if s.long {
		lasts = time.Minute
	}
	var bare, ours []float64
	for round := range 2 {
		s.progress("freshness: a bare loop at 1,000 rows/s, round %d", round)
		b, _, err := s.freshness(ctx, brokers, host, 1000, lasts, bareLoop)
		if err != nil {
			return err
		}
		bare = append(bare, b...)
		s.progress("freshness: the graph at 1,000 rows/s, round %d", round)
		o, snapshots, err := s.freshness(ctx, brokers, host, 1000, lasts, wholeGraph)
		if err != nil {
			return err
		}
		ours = append(ours, o...)
		if round == 1 {
			s.percentiles("graph, 1,000 rows/s, snapshot", snapshots)
		}
	}
	s.percentiles("bare loop, 1,000 rows/s, Cassandra", bare)
	s.percentiles("graph, 1,000 rows/s, Cassandra", ours)
	s.reachedAt(freshBeside, single(quantile(ours, 0.99)/quantile(bare, 0.99)),
		fmt.Sprintf("p99 %.1f ms : %.1f ms", quantile(ours, 0.99), quantile(bare, 0.99)))
	s.progress("freshness: a bare loop at 10,000 rows/s")
	if bare, _, err = s.freshness(ctx, brokers, host, 10_000, lasts, bareLoop); err != nil {
		return err
	}
	s.progress("freshness: the graph at 10,000 rows/s")
	fast, snapshots, err := s.freshness(ctx, brokers, host, 10_000, lasts, wholeGraph)
	if err != nil {
		return err
	}
	s.percentiles("bare loop, 10,000 rows/s, Cassandra", bare)
	s.percentiles("graph, 10,000 rows/s, Cassandra", fast)
	s.percentiles("graph, 10,000 rows/s, snapshot", snapshots)
	return nil
}

func (s *suite) percentiles(what string, ms []float64) {
	for _, q := range []float64{0.5, 0.99, 0.999} {
		s.note("freshness, ms", what, fmt.Sprintf("p%g of %d", q*100, len(ms)), single(quantile(ms, q)))
	}
	s.histograms = append(s.histograms, histogram{what, ms})
}

func quantile(list []float64, q float64) float64 {
	if len(list) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(list))
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

// carrier brings rows from the topic to the table until its context ends.
type carrier func(ctx context.Context, f *fresh, host, keyspace string, snapshots *latencies) error

// freshness runs a carrier under load and gives the milliseconds until rows were
// visible online, and offline where the carrier has such a store.
func (s *suite) freshness(ctx context.Context, brokers, host string, rate int, lasts time.Duration, carry carrier) (online, offline []float64, err error) {
	stamp := time.Now().UnixNano()
	f := &fresh{
		topic: fmt.Sprintf("fresh-%d", stamp), brokers: strings.Split(brokers, ","), rate: rate, lasts: lasts,
		produced: &produced{at: map[int64]time.Time{}},
	}
	keyspace := fmt.Sprintf("fresh_%d", stamp)
	if err := f.prepare(ctx, host, keyspace); err != nil {
		return nil, nil, err
	}
	defer f.db.Close()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	snapshots := &latencies{}
	carried := make(chan error, 1)
	go func() { carried <- carry(ctx, f, host, keyspace, snapshots) }()
	seen, err := f.load(ctx)
	stop()
	if failed := <-carried; err == nil && failed != nil && ctx.Err() == nil {
		err = failed
	}
	return seen, snapshots.list, err
}

// latencies are milliseconds that several goroutines find out.
type latencies struct {
	mu   sync.Mutex
	list []float64
}

func (l *latencies) add(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, float64(d.Microseconds())/1000)
}

// prepare makes the topic, and a keyspace with the table of the rows.
func (f *fresh) prepare(ctx context.Context, host, keyspace string) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(f.brokers...))
	if err != nil {
		return err
	}
	defer client.Close()
	if _, err := kadm.NewClient(client).CreateTopic(ctx, 1, 1, nil, f.topic); err != nil {
		return err
	}
	g := freshGroup()
	sch, err := stages.Decode{Group: g, Schema: avrorow.Schema}.Describe(nil)
	if err != nil {
		return err
	}
	sink := freshSink(host, keyspace)
	w, err := openSink(ctx, sink, sch, func(feature.SpanTally) {})
	if err != nil {
		return err
	}
	f.table = fmt.Sprintf("%q.%q", keyspace, sch.Group.Table())
	if f.db, err = connect(sink); err != nil {
		return err
	}
	return w.Close()
}

func freshGroup() feature.Group {
	g := avrorow.Group()
	g.Order = feature.ByLog
	return g
}

func freshSink(host, keyspace string) *cassandra.Sink {
	return &cassandra.Sink{Hosts: []string{host}, Keyspace: keyspace, Create: true}
}

// load produces at the rate and looks for the probes among the rows. It begins
// once a first row has come through, and its first second isn't counted.
func (f *fresh) load(ctx context.Context) ([]float64, error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(f.brokers...), kgo.DefaultProduceTopic(f.topic), kgo.ProducerLinger(0))
	if err != nil {
		return nil, err
	}
	defer client.Close()
	p := &producer{fresh: f, client: client, gen: avrorow.Log{Seed: 1, Keys: keys}.Open(), enc: avrorow.NewEncoder(), failed: make(chan error, 1)}
	p.send(ctx, "first", false)
	p.look(ctx, "first", time.Now(), &latencies{})
	seen, warm := &latencies{}, &latencies{}
	began := time.Now()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for sent, total := 0, int(f.lasts.Seconds()*float64(f.rate)); sent < total; <-tick.C {
		for due := min(int(time.Since(began).Seconds()*float64(f.rate)), total); sent < due; sent++ {
			if sent%(f.rate/probes) != 0 {
				p.send(ctx, "", true)
				continue
			}
			key, to := fmt.Sprintf("probe-%d", sent), seen
			if sent < f.rate {
				to = warm
			}
			at := p.send(ctx, key, true)
			p.looking.Go(func() { p.look(ctx, key, at, to) })
		}
	}
	p.looking.Wait()
	select {
	case err := <-p.failed:
		return nil, err
	default:
		return seen.list, nil
	}
}

// producer is a load while it lasts.
type producer struct {
	*fresh
	client  *kgo.Client
	gen     *avrorow.Generator
	enc     *avrorow.Encoder
	looking sync.WaitGroup
	failed  chan error
}

func (p *producer) fail(err error) {
	select {
	case p.failed <- err:
	default:
	}
}

// send produces a row, of a key of its own if there is one, and notes when.
func (p *producer) send(ctx context.Context, key string, noted bool) time.Time {
	at := time.Now()
	row := p.gen.Row(at)
	if key != "" {
		row.EntityID = key
	}
	p.client.Produce(ctx, &kgo.Record{Key: []byte(row.EntityID), Value: p.enc.Encode(&row)}, func(r *kgo.Record, err error) {
		switch {
		case err != nil:
			p.fail(err)
		case noted:
			p.produced.note(r.Offset, at)
		}
	})
	return at
}

// look asks for a key until it is there: the more seldom the longer it takes, or
// those who ask would be the load. What it sees is right to a fiftieth.
func (p *producer) look(ctx context.Context, key string, since time.Time, seen *latencies) {
	limit := time.Now().Add(30 * time.Second)
	for ; ; time.Sleep(max(500*time.Microsecond, time.Since(since)/50)) {
		var found string
		err := p.db.Query("SELECT entity_id FROM "+p.table+" WHERE entity_id = ?", key).WithContext(ctx).Scan(&found)
		switch {
		case err == nil:
			seen.add(time.Since(since))
			return
		case !errors.Is(err, gocql.ErrNotFound) || time.Now().After(limit):
			p.fail(fmt.Errorf("look for %s: %w", key, err))
			return
		}
	}
}

func (p *produced) note(offset int64, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at[offset] = at
}

// wholeGraph carries rows through the graph, into Cassandra and a table.
func wholeGraph(ctx context.Context, f *fresh, host, keyspace string, snapshots *latencies) error {
	_, table, done, err := inParquet()
	if err != nil {
		return err
	}
	defer done()
	source := topic{f.brokers, f.topic, 0}.source()
	source.UntilEnd = false
	g := wireFresh(source, stages.Decode{Group: freshGroup(), Schema: avrorow.Schema}, freshSink(host, keyspace), watched{table.(*parquet.Sink), f.produced, snapshots})
	return g.Run(ctx)
}

// watched notes when rows became visible in a snapshot.
type watched struct {
	*parquet.Sink
	produced *produced
	seen     *latencies
}

// Open is the table's own, with an ear at its receipts.
func (w watched) Open(ctx context.Context, n *pipeline.SinkNode) (pipeline.Writer, error) {
	ear := *n
	ear.Durable = func(l *feature.Lane, done []feature.SpanTally) {
		w.produced.mu.Lock()
		for _, d := range done {
			for offset := d.From; offset < d.To; offset++ {
				if at, ok := w.produced.at[offset]; ok {
					w.seen.add(time.Since(at))
				}
			}
		}
		w.produced.mu.Unlock()
		n.Durable(l, done)
	}
	return w.Sink.Open(ctx, &ear)
}

// bareLoop is what one would write: poll, decode, insert all that was polled, 256
// at a time, and poll again.
func bareLoop(ctx context.Context, f *fresh, _, _ string, _ *latencies) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(f.brokers...), kgo.ConsumeTopics(f.topic))
	if err != nil {
		return err
	}
	defer client.Close()
	insert := fmt.Sprintf(`INSERT INTO %s (entity_id, user_id, session_id, event_time, ingest_time, region, device, country, score, ctr, price, f1, f2, cnt_1d, cnt_7d, cnt_30d, is_active, age, model_version, embedding) VALUES (?%s) USING TIMESTAMP ?`,
		f.table, strings.Repeat(",?", 19))
	reader := avro.NewReader(nil, 0)
	for ctx.Err() == nil {
		fetches := client.PollFetches(ctx)
		var inserting sync.WaitGroup
		slots, failed := make(chan struct{}, 256), make(chan error, 1)
		fetches.EachRecord(func(rec *kgo.Record) {
			var r row
			reader.Reset(rec.Value)
			r.read(reader)
			slots <- struct{}{}
			inserting.Go(func() {
				defer func() { <-slots }()
				err := f.db.Query(insert, r.EntityID, r.UserID, r.SessionID, r.EventTime/1000, r.IngestTime/1000, r.Region, r.Device, r.Country,
					r.Score, r.CTR, r.Price, r.F1, r.F2, r.Count1d, r.Count7d, r.Count30d, r.Active, r.Age, r.ModelVersion, r.Embedding, rec.Offset+1).WithContext(ctx).Exec()
				if err != nil {
					select {
					case failed <- err:
					default:
					}
				}
			})
		})
		inserting.Wait()
		select {
		case err := <-failed:
			return err
		default:
		}
	}
	return nil
}
