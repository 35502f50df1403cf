package rooms

import (
	"os/exec"
	"strings"
	"testing"
)

// notForUsers are what tests, examples and benchmarks need, and no program that
// is built from the library.
var notForUsers = []string{
	"github.com/Shopify/toxiproxy", "gonum.org/", "github.com/IBM/sarama", "github.com/rs/zerolog", "github.com/google/pprof",
	"github.com/ThreeDotsLabs/watermill-kafka", "github.com/twmb/franz-go/pkg/kfake", module + "internal/",
}

// others are the stores that a program with one of them isn't built with.
var others = map[string][]string{
	"sqlite":    {"github.com/gocql/gocql", "github.com/parquet-go/", "github.com/apache/"},
	"cassandra": {"modernc.org/", "github.com/parquet-go/", "github.com/apache/"},
	"parquet":   {"github.com/gocql/gocql"},
}

func TestAProgramIsBuiltWithWhatItUsesOnly(t *testing.T) {
	for sink, stores := range others {
		packages := deps(t, "../../pipeline", "../../stages", "../../sources/kafka", "../../sinks/"+sink)
		t.Logf("pipeline, stages, sources/kafka and sinks/%s: %d packages", sink, len(packages))
		for _, p := range packages {
			for _, unwanted := range append(stores, notForUsers...) {
				if strings.HasPrefix(p, unwanted) {
					t.Errorf("whoever imports sinks/%s builds %s", sink, p)
				}
			}
		}
	}
}

func deps(t *testing.T, packages ...string) []string {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list", "-deps"}, packages...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(out))
}
