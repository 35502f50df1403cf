package parquet_test

import (
	"bytes"
	"math"
	"math/big"
	"strings"
	"testing"
	"unicode/utf8"

	arrowfile "github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// boundsOf are the bounds in the footer of the only data file, as another reader has them.
func boundsOf(t *testing.T, fields []feature.Field, rows ...[]any) map[string]metadata.TypedStatistics {
	t.Helper()
	schema, err := rowgen.Plain().WithColumns(fields...)
	if err != nil {
		t.Fatal(err)
	}
	s := sinkIn(t)
	x := open(t, s, schema)
	b := rowgen.NewBuilder(schema, at(0), 0)
	for i, values := range rows {
		b.Add(feature.Record{Offset: int64(i), Timestamp: 1}, feature.Upsert, append([]any{string(rune('a' + i)), int64(i)}, values...)...)
	}
	x.write(x.lane(0), b.Rows())
	x.flush()
	files := dataFiles(t, s, "plain_1")
	if len(files) != 1 {
		t.Fatalf("%d files", len(files))
	}
	r, err := arrowfile.OpenParquetFile(files[0], false)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	found := map[string]metadata.TypedStatistics{}
	group := r.MetaData().RowGroup(0)
	for i := range group.NumColumns() {
		chunk, err := group.ColumnChunk(i)
		if err != nil {
			t.Fatal(err)
		}
		stats, err := chunk.Statistics()
		if err != nil {
			t.Fatal(err)
		}
		if stats != nil && stats.HasMinMax() {
			found[chunk.PathInSchema().String()] = stats
		}
	}
	return found
}

func TestBoundsOfWideDecimalsAreThoseOfTheirNumbers(t *testing.T) {
	for _, digits := range []int{19, 28, 38} {
		f := feature.Field{Name: "d", Kind: feature.Bytes, Logical: feature.Decimal, Precision: digits, Scale: 2}
		nested := feature.StructOf("s", feature.Field{Name: "d", Kind: feature.Bytes, Logical: feature.Decimal, Precision: digits})
		var rows [][]any
		for _, x := range []int64{-500, -100, 0, 750, 25_000} {
			v := feature.AppendUnscaled(nil, big.NewInt(x))
			rows = append(rows, []any{v, map[string]any{"d": v}})
		}
		bounds := boundsOf(t, []feature.Field{f, nested}, rows...)
		for _, path := range []string{"d", "s.d"} {
			b := bounds[path]
			if b == nil {
				t.Errorf("%d digits: %s has no bounds", digits, path)
				continue
			}
			least, most := feature.Unscaled(b.EncodeMin()), feature.Unscaled(b.EncodeMax())
			if least.Cmp(big.NewInt(-500)) != 0 || most.Cmp(big.NewInt(25_000)) != 0 {
				t.Errorf("%d digits: %s has bounds %v to %v", digits, path, least, most)
			}
		}
	}
}

// Engines that skip by bounds would skip a NaN, and with it the file.
func TestAColumnWithANaNHasNoBounds(t *testing.T) {
	fields := []feature.Field{
		{Name: "nan", Kind: feature.Float64},
		{Name: "small", Kind: feature.Float32, Nullable: true},
		feature.ListOf("list", feature.Field{Kind: feature.Float32}),
		{Name: "zero", Kind: feature.Float64},
		{Name: "sound", Kind: feature.Float64},
	}
	bounds := boundsOf(t, fields,
		[]any{1.0, nil, []any{float32(1)}, 0.0, -1.5},
		[]any{math.NaN(), float32(math.NaN()), []any{float32(1), float32(math.NaN())}, 0.0, 2.5})
	for path := range bounds {
		if path == "nan" || path == "small" || strings.HasPrefix(path, "list") {
			t.Errorf("%s has bounds", path)
		}
	}
	zero, sound := bounds["zero"].(*metadata.Float64Statistics), bounds["sound"].(*metadata.Float64Statistics)
	if !math.Signbit(zero.Min()) || math.Signbit(zero.Max()) {
		t.Errorf("zeros lie from %v to %v", zero.Min(), zero.Max())
	}
	if sound.Min() != -1.5 || sound.Max() != 2.5 {
		t.Errorf("%v to %v", sound.Min(), sound.Max())
	}
}

func TestBoundsOfLongTextsAreCut(t *testing.T) {
	fields := []feature.Field{{Name: "text", Kind: feature.String}, {Name: "bytes", Kind: feature.Bytes}}
	for _, letter := range []string{"a", "ü", "\U0010ffff", "\ud7ff"} {
		least, most := strings.Repeat("a", 10_000), strings.Repeat(letter, 10_000)+"z"
		bounds := boundsOf(t, fields, []any{least, []byte(least)}, []any{most, bytes.Repeat([]byte{0xff}, 5000)})
		if b := bounds["text"]; b != nil {
			lower, upper := b.EncodeMin(), b.EncodeMax()
			if len(lower) > 64 || len(upper) > 70 || string(lower) > least || string(upper) < most || !utf8.Valid(lower) || !utf8.Valid(upper) {
				t.Errorf("%q: %q to %q", letter, lower, upper)
			}
		} else if letter != "\U0010ffff" {
			t.Errorf("%q: no bounds", letter)
		}
		if bounds["bytes"] != nil {
			t.Errorf("nothing is above 5000 times 0xff")
		}
	}
}
