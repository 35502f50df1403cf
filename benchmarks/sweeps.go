package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/hamba/avro/v2"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/stages"
)

// curve is what something costs against one size.
type curve struct {
	title, axis, unit string
	points            []point
}

// point is a cost at one size.
type point struct{ size, cost float64 }

// measureSweeps is the cost of a row in the whole graph, without sinks, against
// batch size, partitions and row width.
func (s *suite) measureSweeps(ctx context.Context) error {
	if err := s.sweep(ctx, "batch size", "rows a batch", []int{64, 256, 1024, 4096, 16384}, func(size int) contestant {
		return graph(fmt.Sprintf("%d rows a batch", size), loadOf(bodies(), s.rows, s.partitions, size), work(), counting)
	}); err != nil {
		return err
	}
	if err := s.sweep(ctx, "partitions", "partitions", []int{1, 2, 4, 16, 64}, func(n int) contestant {
		return graph(fmt.Sprintf("%d partitions", n), loadOf(bodies(), s.rows, n, s.batch), work(), counting)
	}); err != nil {
		return err
	}
	return s.sweep(ctx, "row width", "columns", []int{5, 20, 50, 100, 200}, func(columns int) contestant {
		rows := max(s.rows*20/columns/2, s.batch*s.partitions)
		decode, pool := wide(columns, rows+rows/8) // partitions aren't of one size
		return graph(fmt.Sprintf("%d columns", columns), loadOf(pool, rows, s.partitions, s.batch), decode, counting)
	})
}

func (s *suite) sweep(ctx context.Context, title, axis string, points []int, at func(int) contestant) error {
	var all []contestant
	for _, p := range points {
		all = append(all, at(p))
	}
	figures, err := s.turns(ctx, "graph against "+title, all...)
	if err != nil {
		return err
	}
	c := curve{title: title, axis: axis, unit: "ns/row"}
	for i, f := range append(figures[:1:1], figures[2:]...) { // without the first one again
		c.points = append(c.points, point{float64(points[i]), f.median()})
	}
	s.curves = append(s.curves, c)
	return nil
}

// wide are rows of so many columns: a key, a time, and doubles. None comes twice.
func wide(columns, rows int) (stages.Decode, []feature.Record) {
	var fields []string
	for i := range columns - 2 {
		fields = append(fields, fmt.Sprintf(`{"name":"f%d","type":"double"}`, i))
	}
	schema := `{"type":"record","name":"Wide","fields":[{"name":"id","type":"string"},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}},` +
		strings.Join(fields, ",") + `]}`
	pool := make([]feature.Record, rows)
	for i := range pool {
		w := avro.NewWriter(nil, 16+9*columns)
		id := fmt.Sprintf("entity-%06d", i%4096)
		w.WriteString(id)
		w.WriteLong(int64(i))
		for c := range columns - 2 {
			w.WriteDouble(float64(i*columns + c))
		}
		pool[i] = feature.Record{Key: []byte(id), Value: w.Buffer()}
	}
	g := feature.Group{Name: "wide", PrimaryKey: []string{"id"}, EventTime: "at", Order: feature.ByEventTime, Keys: feature.KeysStay}
	return stages.Decode{Group: g, Schema: schema}, pool
}
