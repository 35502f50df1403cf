package cassandra_test

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/cassandra"
)

var (
	visits = feature.Field{Name: "visits", Kind: feature.Int64, Nullable: true}
	home   = feature.Field{Name: "home", Kind: feature.Struct, Nullable: true, Children: []feature.Field{
		{Name: "city", Kind: feature.String, Nullable: true},
		feature.MapOf("rooms", feature.Field{Kind: feature.Int32, Nullable: true}),
	}}
)

func growing() *feature.Schema {
	return rowgen.With(rowgen.Plain(), func(g *feature.Group) { g.Evolve = true })
}

func with(t *testing.T, s *feature.Schema, fields ...feature.Field) *feature.Schema {
	t.Helper()
	s, err := s.WithColumns(fields...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func evolve(t *testing.T, w pipeline.Writer, s *feature.Schema) {
	t.Helper()
	if err := w.(pipeline.Evolver).Evolve(t.Context(), s); err != nil {
		t.Fatalf("evolve: %v", err)
	}
}

// keyed is a batch of one row.
func keyed(s *feature.Schema, offset int64, values ...any) *feature.Rows {
	b := rowgen.NewBuilder(s, feature.TopicPartition{Topic: "rows"}, offset)
	b.Add(feature.Record{Offset: offset}, feature.Upsert, values...)
	return b.Rows()
}

// holds fails unless the table has one row, of such values.
func holds(t *testing.T, s *cassandra.Sink, schema *feature.Schema, offset int64, values ...any) {
	t.Helper()
	got := scan(t, s, schema)
	if len(got) != 1 || got[0].Version.Offset != offset || !reflect.DeepEqual(got[0].Values, values) {
		t.Errorf("the table holds %v, want %v of offset %d", got, values, offset)
	}
}

func inBothLayouts(t *testing.T, test func(*testing.T, *cassandra.Sink)) {
	for _, layout := range []cassandra.Layout{cassandra.Plain, cassandra.Packed} {
		t.Run(layout.String(), func(t *testing.T) {
			s := freshSink(t)
			s.Layout = layout
			test(t, s)
		})
	}
}

func TestATableGrowsWhileItIsWrittenAndNothingOfAnOlderRowStays(t *testing.T) {
	inBothLayouts(t, func(t *testing.T, s *cassandra.Sink) {
		first := growing()
		grown := with(t, first, visits, home)
		w := open(t, s, first)
		write(t, w, keyed(first, 0, "k", int64(1)))
		holds(t, s, grown, 0, "k", int64(1), nil, nil)
		evolve(t, w, grown)
		evolve(t, w, grown)
		address := map[string]any{"city": nil, "rooms": map[string]any{"": int32(1), "attic": nil}}
		write(t, w, keyed(grown, 1, "k", int64(2), int64(7), address))
		holds(t, s, grown, 1, "k", int64(2), int64(7), address)

		w = open(t, s, first) // as after a restart
		write(t, w, keyed(first, 2, "k", nil))
		holds(t, s, grown, 2, "k", nil, nil, nil)
		evolve(t, w, with(t, first, home))
		write(t, w, keyed(with(t, first, home), 3, "k", nil, address))
		holds(t, s, grown, 3, "k", nil, nil, address)
	})
}

func TestALaneThatOpensKnowsTheColumnsThatAnotherProcessMade(t *testing.T) {
	inBothLayouts(t, func(t *testing.T, s *cassandra.Sink) {
		first := growing()
		grown := with(t, first, visits)
		here, there := open(t, s, first), open(t, s, first)
		write(t, here, keyed(first, 0, "k", int64(1)))
		evolve(t, there, grown)
		write(t, there, keyed(grown, 1, "k", int64(2), int64(7)))
		write(t, here, keyed(first, 2, "k", int64(3)))
		holds(t, s, grown, 2, "k", int64(3), nil)
	})
}

// Each process has a column of its own, one that another has too, and another order of the two.
func TestProcessesThatGiveATableColumnsAtOnceAllGetTheirs(t *testing.T) {
	inBothLayouts(t, func(t *testing.T, s *cassandra.Sink) {
		const processes = 4
		first, all := growing(), growing()
		var own [processes]feature.Field
		for p := range own {
			own[p] = feature.Field{Name: fmt.Sprintf("of_%d", p), Kind: feature.Int32, Nullable: true}
			all = with(t, all, own[p])
		}
		all = with(t, all, home)
		var growing sync.WaitGroup
		for p := range own {
			w, fields := open(t, s, first), []feature.Field{own[p], home}
			values := []any{fmt.Sprint("key", p), nil, int32(p), map[string]any{"city": "c", "rooms": map[string]any{}}}
			if p%2 == 1 {
				fields[0], fields[1], values[2], values[3] = fields[1], fields[0], values[3], values[2]
			}
			schema := with(t, first, fields...)
			growing.Go(func() {
				err := w.(pipeline.Evolver).Evolve(t.Context(), schema)
				if err == nil {
					rows := keyed(schema, int64(p), values...)
					err = w.Write(t.Context(), lane(rows.TopicPartition), rows)
				}
				if err != nil {
					t.Errorf("process %d: %v", p, err)
				}
			})
		}
		growing.Wait()
		got := scan(t, s, all)
		for _, row := range got {
			p := int(row.Version.Offset)
			want := make([]any, len(all.Fields))
			want[0], want[2+p] = fmt.Sprint("key", p), int32(p)
			want[len(want)-1] = map[string]any{"city": "c", "rooms": map[string]any{}}
			if !reflect.DeepEqual(row.Values, want) {
				t.Errorf("process %d: %v, want %v", p, row.Values, want)
			}
		}
		if len(got) != processes {
			t.Errorf("%d rows of %d", len(got), processes)
		}
	})
}

func TestWithoutCreateTheMissingColumnsAreNamed(t *testing.T) {
	inBothLayouts(t, func(t *testing.T, s *cassandra.Sink) {
		first := growing()
		open(t, s, first)
		s.Create = false
		w := open(t, s, first)
		err := w.(pipeline.Evolver).Evolve(t.Context(), with(t, first, visits, home))
		if err == nil || pipeline.IsTransient(err) {
			t.Fatalf("evolve: %v", err)
		}
		for _, word := range []string{"lacks columns", "set Create", "CREATE TYPE", `ADD "visits" bigint`, `ADD "home"`} {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("no %q in: %v", word, err)
			}
		}
		write(t, w, keyed(first, 0, "k", int64(1))) // as before
		holds(t, s, first, 0, "k", int64(1))
	})
}
