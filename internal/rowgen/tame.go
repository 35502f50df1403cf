package rowgen

import (
	"fmt"
	"math"

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
		return []byte{0, byte(k), byte(k >> 8), 0xff}
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
		return fmt.Appendf(nil, "%016x", g.rand.Uint64())
	}
	items := make([]any, 16)
	for i := range items {
		items[i] = g.tame(*f.Elem)
	}
	return items
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
