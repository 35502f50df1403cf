package rowgen

import (
	"fmt"
	"math"
	"math/big"

	"github.com/tandemdata/tandem/pipeline/feature"
)

var (
	regions   = []string{"eu-west-1", "us-east-1", "ap-south-1", "us-west-2"}
	devices   = []string{"android", "ios", "web", "smart-tv", "desktop"}
	countries = []string{"NL", "DE", "US", "IN", "BR", "JP"}
)

// Key is the value of a primary-key column in key number k. It is never empty:
// Cassandra takes no empty partition key.
func Key(f feature.Field, k int) any {
	switch f.Kind {
	case feature.Bool:
		return k%2 == 1
	case feature.Int32:
		return int32(k)
	case feature.Int64:
		return int64(k) * 7919
	case feature.Bytes:
		b := make([]byte, max(f.Size, 4))
		b[1], b[2], b[len(b)-1] = byte(k), byte(k>>8), 0xff
		return b
	}
	switch f.Name {
	case "region":
		return regions[k%len(regions)]
	case "device":
		return devices[k%len(devices)]
	}
	return fmt.Sprintf("entity-%010d", k)
}

// tame is a value as production has it.
func (g *Gen) tame(f feature.Field) any {
	switch f.Kind {
	case feature.Bool:
		return g.rand.IntN(2) == 0
	case feature.Int32:
		return g.rand.Int32N(90)
	case feature.Int64:
		if u := f.Logical.Unit(); u != 0 {
			return Base.UnixNano()/int64(u) + g.made + g.rand.Int64N(500)
		}
		return g.rand.Int64N(2000)
	case feature.Float32:
		return g.rand.Float32()
	case feature.Float64:
		return g.double(f.Name)
	case feature.String:
		return g.text(f.Name)
	case feature.Bytes:
		return g.tameBytes(f)
	}
	return g.nested(f, 16, g.tame)
}

func (g *Gen) tameBytes(f feature.Field) []byte {
	switch {
	case f.Logical == feature.Decimal:
		return feature.AppendUnscaled(nil, big.NewInt(g.rand.Int64N(10)))
	case f.Size > 0:
		return g.random(f.Size)
	}
	return fmt.Appendf(nil, "%016x", g.rand.Uint64())
}

// nested is a list or a map of n values, or a struct.
func (g *Gen) nested(f feature.Field, n int, value func(feature.Field) any) any {
	switch f.Kind {
	case feature.List:
		items := make([]any, n)
		for i := range items {
			items[i] = value(f.Elem())
		}
		return items
	case feature.Map:
		_, v := f.Entries()
		entries := make(map[string]any, n)
		for i := range n {
			entries[fmt.Sprintf("%s%d", pick(g, texts[:20]), i)] = value(v)
		}
		return entries
	}
	fields := make(map[string]any, len(f.Children))
	for _, c := range f.Children {
		fields[c.Name] = value(c)
	}
	return fields
}

func (g *Gen) random(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(g.rand.Uint32())
	}
	return b
}

func (g *Gen) double(name string) float64 {
	switch name {
	case "score":
		return g.rand.Float64()
	case "ctr":
		return g.rand.Float64() / 10
	case "price":
		return math.Round(g.rand.Float64()*10000) / 100
	}
	return g.rand.NormFloat64()
}

func (g *Gen) text(name string) string {
	switch name {
	case "region":
		return regions[g.rand.IntN(len(regions))]
	case "device":
		return devices[g.rand.IntN(len(devices))]
	case "country":
		return countries[g.rand.IntN(len(countries))]
	case "model_version":
		return "v2026.01.15"
	}
	return fmt.Sprintf("s-%016x", g.rand.Uint64())
}
