// Package rooms holds which folder may import what. It is a test only.
package rooms

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/tandemdata/tandem/"

// heavy are the dependencies that only their own room may know, and whoever
// wires rooms together.
var heavy = map[string][]string{
	"github.com/ThreeDotsLabs/watermill": {"stages", "sinks/watermill", "pipeline", "pipeline/internal/lanes", "pipeline/internal/engine", "sources/watermill", "examples/", "benchmarks"},
	"github.com/hamba/avro":              {"stages/avro", "internal/avrorow", "examples/", "benchmarks"},
	"github.com/twmb/franz-go":           {"sources/kafka", "stages/wire/registry", "sources/kafkatest", "benchmarks/crash", "examples/", "benchmarks", "benchmarks/"},
	"github.com/gocql/gocql":             {"sinks/cassandra", "benchmarks"},
	"github.com/parquet-go/parquet-go":   {"sinks/parquet", "sinks/parquet/internal/column", "benchmarks"},
	"github.com/apache/iceberg-go":       {"sinks/parquet", "sinks/parquet/internal/column", "internal/icescan"},
	"github.com/apache/arrow-go":         {"internal/icescan"},
	"modernc.org/sqlite":                 {"sinks/sqlite", "sinks/parquet", "internal/icescan", "benchmarks"},
	"modernc.org/libc":                   {"sinks/sqlite"},
	"gonum.org/v1/plot":                  {"benchmarks"},
	"github.com/google/pprof":            {"benchmarks"},
	"github.com/IBM/sarama":              {"examples/", "benchmarks"},
	"github.com/Shopify/toxiproxy":       {"benchmarks/crash"},
}

// rooms are what the project's own packages may know of each other: by folder,
// the folders that it may import.
var rooms = map[string][]string{
	"pipeline/feature":           {},
	"pipeline/status":            {"pipeline/feature"},
	"pipeline/internal/failure":  {},
	"pipeline/internal/lanes":    {},
	"pipeline/internal/frontier": {"pipeline/feature"},
	"pipeline/internal/ledger":   {"pipeline/feature"},
	"pipeline/internal/intake":   {"pipeline/feature"},
	"pipeline/internal/engine": {
		"pipeline/feature", "pipeline/internal/failure", "pipeline/internal/frontier", "pipeline/internal/intake",
		"pipeline/internal/lanes", "pipeline/internal/ledger", "pipeline/status",
	},
	"pipeline":              {"pipeline/feature", "pipeline/internal/engine", "pipeline/internal/failure", "pipeline/internal/ledger", "pipeline/status"},
	"pipeline/observe":      {"pipeline", "pipeline/feature", "pipeline/status"},
	"pipeline/measure":      {"pipeline", "pipeline/internal/engine"},
	"pipeline/pipelinetest": {"pipeline", "pipeline/feature", "pipeline/internal/frontier", "pipeline/pipelinetest/rowmodel"},
	"pipeline/report":       {"pipeline", "pipeline/feature"},

	"pipeline/pipelinetest/rowmodel": {"pipeline/feature"},

	"stages":               {"pipeline", "pipeline/feature", "stages/avro", "stages/wire", "stages/internal/content", "stages/internal/window"},
	"stages/stagetest":     {"pipeline", "pipeline/feature"},
	"stages/avro":          {"pipeline/feature"},
	"stages/wire":          {"pipeline/feature", "stages/avro"},
	"stages/wire/registry": {"pipeline", "stages/wire"},
	"sources/":             {"pipeline", "pipeline/feature", "pipeline/status"},
	"sinks/":               {"pipeline", "pipeline/feature", "pipeline/status"},
	"sinks/parquet": {
		"pipeline", "pipeline/feature", "pipeline/status", "sinks/parquet/internal/column", "sinks/parquet/internal/identity",
		"sinks/parquet/internal/paged",
	},
	"sinks/parquet/internal/identity": {"pipeline/feature", "sinks/parquet/internal/paged"},
	"sinks/parquet/internal/column":   {"pipeline/feature"},
	"sinks/parquet/internal/paged":    {},
	"sinks/sinktest":                  {"pipeline", "pipeline/feature", "pipeline/pipelinetest", "internal/rowgen", "pipeline/pipelinetest/rowmodel"},
	"examples/flags":                  {"sinks/cassandra", "sources/kafka"},
	"internal/":                       {"pipeline", "pipeline/feature"},
	"internal/servers":                {"internal/child"},
	"benchmarks/crash": {
		"pipeline", "pipeline/feature", "pipeline/pipelinetest", "stages", "sources/kafka", "sinks/cassandra", "sinks/parquet",
		"internal/avrorow", "internal/child", "internal/icescan", "sources/kafkatest", "internal/servers",
	},
}

// knowsWatermill are the only files of package pipeline that may: the rest of
// the graph is the standard library's.
var knowsWatermill = []string{"deadletter.go", "middleware.go"}

func TestEveryRoomImportsOnlyWhatItMay(t *testing.T) {
	files := 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		files++
		rel, err := filepath.Rel("../..", path)
		if err != nil {
			return err
		}
		checkFile(t, path, filepath.ToSlash(rel))
		return nil
	})
	if err != nil || files < 50 {
		t.Fatalf("read %d files: %v", files, err)
	}
}

func checkFile(t *testing.T, path, rel string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	folder := rel[:max(strings.LastIndex(rel, "/"), 0)]
	for _, spec := range f.Imports {
		imported := strings.Trim(spec.Path.Value, `"`)
		if own, ok := strings.CutPrefix(imported, module); ok {
			if strings.HasPrefix(folder, "examples/") && strings.HasPrefix(own, "internal/") {
				t.Errorf("%s imports %s: an example can be copied out of the repository", rel, own)
			}
			if allowed, listed := find(rooms, folder); listed && !slices.Contains(allowed, own) {
				t.Errorf("%s imports %s: %s may import %v", rel, own, folder, allowed)
			}
			continue
		}
		for dependency, allowed := range heavy {
			if strings.HasPrefix(imported, dependency) && !within(allowed, folder) {
				t.Errorf("%s imports %s: only %v may", rel, imported, allowed)
			}
		}
		if folder == "pipeline/feature" && strings.Contains(imported, ".") {
			t.Errorf("%s imports %s: it is the standard library's only", rel, imported)
		}
		if folder == "pipeline" && strings.Contains(imported, ".") && !slices.Contains(knowsWatermill, filepath.Base(rel)) {
			t.Errorf("%s imports %s: only %v may", rel, imported, knowsWatermill)
		}
	}
}

// find looks a folder up, or the parent that stands for all below it.
func find(m map[string][]string, folder string) ([]string, bool) {
	if allowed, ok := m[folder]; ok {
		return allowed, true
	}
	parent, _, below := strings.Cut(folder, "/")
	allowed, ok := m[parent+"/"]
	return allowed, ok && below
}

func within(allowed []string, folder string) bool {
	for _, a := range allowed {
		if folder == a || strings.HasSuffix(a, "/") && strings.HasPrefix(folder, a) {
			return true
		}
	}
	return false
}
