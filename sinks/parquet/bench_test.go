package parquet_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	pq "github.com/parquet-go/parquet-go"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/pipelinetest"
	"github.com/tandemdata/tandem/sinks/parquet"
)

const benchBatch = 8192

// benchRow is rowgen.Realistic as a struct: what parquet-go is fastest with.
type benchRow struct {
	EntityID     string    `parquet:"entity_id,dict"`
	UserID       int64     `parquet:"user_id"`
	SessionID    string    `parquet:"session_id,dict"`
	EventTime    int64     `parquet:"event_time,timestamp(microsecond)"`
	IngestTime   int64     `parquet:"ingest_time,timestamp(microsecond)"`
	Region       string    `parquet:"region,dict"`
	Device       string    `parquet:"device,dict"`
	Country      *string   `parquet:"country,optional,dict"`
	Score        float64   `parquet:"score"`
	CTR          float64   `parquet:"ctr"`
	Price        float64   `parquet:"price"`
	F1           float64   `parquet:"f1"`
	F2           *float64  `parquet:"f2,optional"`
	Cnt1d        int64     `parquet:"cnt_1d"`
	Cnt7d        int64     `parquet:"cnt_7d"`
	Cnt30d       *int64    `parquet:"cnt_30d,optional"`
	IsActive     bool      `parquet:"is_active"`
	Age          int32     `parquet:"age"`
	ModelVersion string    `parquet:"model_version,dict"`
	Embedding    []float32 `parquet:"embedding,list"`
}

// BenchmarkStatic is the straight line: parquet-go's own writer of a struct
// that was known when the program was compiled, into one file, with a sync.
func BenchmarkStatic(b *testing.B) {
	rows := benchRows(benchSource(32))
	f, err := os.Create(filepath.Join(b.TempDir(), "static.parquet"))
	if err != nil {
		b.Fatal(err)
	}
	w := pq.NewGenericWriter[benchRow](f, pq.Compression(&pq.Snappy), pq.DataPageVersion(1),
		pq.PageBufferSize(256<<10), pq.DictionaryMaxBytes(1<<20))
	from := cpu(b)
	b.ResetTimer()
	written := 0
	for i := range b.N {
		n, err := w.Write(rows[i%len(rows)])
		if err != nil {
			b.Fatal(err)
		}
		if written += n; written%(128<<10) == 0 {
			if err := w.Flush(); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	if err := f.Sync(); err != nil {
		b.Fatal(err)
	}
	perRow(b, from)
}

// BenchmarkWrite is this sink with one lane, from Write to the commit.
func BenchmarkWrite(b *testing.B) {
	source := benchSource(32)
	s := &parquet.Sink{Warehouse: b.TempDir(), CommitEvery: time.Hour, CommitRows: 1 << 30}
	node := new(pipelinetest.Lanes).SinkNode("offline", source[0].Schema, nil, func(err error) { b.Error(err) })
	w, err := s.Open(b.Context(), node)
	if err != nil {
		b.Fatal(err)
	}
	lane := &feature.Lane{TopicPartition: feature.TopicPartition{Topic: "t"}}
	made := time.Duration(0)
	from := cpu(b)
	b.ResetTimer()
	for i := range b.N {
		b.StopTimer()
		before := cpu(b)
		rows := source[i%len(source)]
		shift(rows, int64(i)*benchBatch)
		made += cpu(b) - before
		b.StartTimer()
		if err := w.Write(b.Context(), lane, rows); err != nil {
			b.Fatal(err)
		}
	}
	written := b.Elapsed()
	if err := w.Flush(b.Context()); err != nil {
		b.Fatal(err)
	}
	perRow(b, from+made)
	b.ReportMetric(float64(written.Nanoseconds())/float64(b.N*benchBatch), "write-ns/row")
	b.StopTimer()
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
}

// perRow reports time, and the process's own time on all CPUs: on a machine
// that others use, that is the one to compare.
func perRow(b *testing.B, from time.Duration) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*benchBatch), "ns/row")
	b.ReportMetric(float64((cpu(b)-from).Nanoseconds())/float64(b.N*benchBatch), "cpu-ns/row")
}

func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// benchSource makes batches whose rows are all different identities.
func benchSource(n int) []*feature.Rows {
	g := &rowgen.Gen{Schema: rowgen.Realistic(feature.ByLog), Seed: 1, Keys: 100_000}
	out := make([]*feature.Rows, n)
	for i := range out {
		out[i] = g.Batch(feature.TopicPartition{Topic: "t"}, 0, benchBatch)
	}
	return out
}

// shift moves rows to an offset, and their event times with them.
func shift(rows *feature.Rows, from int64) {
	t := &rows.Columns[rows.Schema.Time()]
	for i := range rows.Records {
		rows.Records[i].Offset = from + int64(i)
		t.Int64s[i] = rowgen.Base.UnixMilli() + from + int64(i)
	}
	rows.Spans = []feature.Span{{From: from, To: from + int64(rows.Len())}}
	rows.Seal()
}

func benchRows(source []*feature.Rows) [][]benchRow {
	out := make([][]benchRow, len(source))
	for k, rows := range source {
		for i := range rows.Len() {
			r := rows.Row(i)
			row := benchRow{
				EntityID: r.String("entity_id"), UserID: r.Int64("user_id"), SessionID: r.String("session_id"),
				EventTime: r.Int64("event_time") * 1000, IngestTime: r.Int64("ingest_time") * 1000,
				Region: r.String("region"), Device: r.String("device"),
				Score: r.Float64("score"), CTR: r.Float64("ctr"), Price: r.Float64("price"), F1: r.Float64("f1"),
				Cnt1d: r.Int64("cnt_1d"), Cnt7d: r.Int64("cnt_7d"), IsActive: r.Bool("is_active"), Age: r.Int32("age"),
				ModelVersion: r.String("model_version"),
			}
			if !r.Null("country") {
				v := r.String("country")
				row.Country = &v
			}
			if !r.Null("f2") {
				v := r.Float64("f2")
				row.F2 = &v
			}
			if !r.Null("cnt_30d") {
				v := r.Int64("cnt_30d")
				row.Cnt30d = &v
			}
			for _, v := range r.Value("embedding").([]any) {
				row.Embedding = append(row.Embedding, v.(float32))
			}
			out[k] = append(out[k], row)
		}
	}
	return out
}
