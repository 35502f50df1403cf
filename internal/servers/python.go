package servers

import (
	"context"
	"fmt"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tandemdata/tandem/internal/child"
)

// pypi are packages that nobody here wrote, from the Python Package Index.
type pypi struct {
	name     string // for people
	packages []string
}

var (
	clients = &pypi{"fastavro and confluent-kafka", []string{"fastavro>=1.9,<2", "confluent-kafka[avro,schemaregistry]>=2.5,<3"}}
	lake    = &pypi{"pyiceberg, DuckDB and polars", []string{
		"pyiceberg[sql-sqlite,pyarrow]==0.12.0", "polars==2.1.0",
		"duckdb==1.5.5", "duckdb-extension-iceberg==1.5.5", "duckdb-extension-avro==1.5.5",
	}}
	pyspark = &pypi{"Spark", []string{"pyspark==3.5.7"}}
)

// String is for people.
func (p *pypi) String() string { return p.name }

// Python returns a command that runs a script with fastavro and confluent-kafka, or skips the test and says how to run
// it. The packages are downloaded once, and kept in the user's cache directory.
func Python(t testing.TB, script string, args ...string) *exec.Cmd {
	t.Helper()
	return python(t, []*pypi{clients}, script, args)
}

// Lake is [Python] with readers of Iceberg tables: pyiceberg, DuckDB and polars.
func Lake(t testing.TB, script string, args ...string) *exec.Cmd {
	t.Helper()
	return python(t, []*pypi{lake}, script, args)
}

func python(t testing.TB, with []*pypi, script string, args []string) *exec.Cmd {
	t.Helper()
	skipIfDeclined(t, with[0])
	if exec.Command("python3", "-m", "pip", "--version").Run() != nil {
		skip(t, with[0], "no python3 with pip on PATH", "install Python 3 and pip")
	}
	var path []string
	for _, p := range with {
		dir, err := p.install(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		path = append(path, dir)
	}
	cmd := exec.CommandContext(t.Context(), "python3", append([]string{script}, args...)...)
	cmd.Env = append(os.Environ(), "PYTHONPATH="+strings.Join(path, string(os.PathListSeparator)),
		"PYTHONPYCACHEPREFIX="+filepath.Join(cacheDir(), "pycache"))
	return cmd
}

// install puts the packages into a directory of their own, unless they are there.
func (p *pypi) install(ctx context.Context) (string, error) {
	tag, err := exec.CommandContext(ctx, "python3", "-c", "import sys; print(sys.implementation.cache_tag)").Output()
	if err != nil {
		return "", fmt.Errorf("python3: %w", err)
	}
	home := filepath.Join(cacheDir(), fmt.Sprintf("pypi-%s-%08x", strings.TrimSpace(string(tag)), crc32.ChecksumIEEE([]byte(strings.Join(p.packages, " ")))))
	if _, err := os.Stat(home); err == nil {
		return home, nil
	}
	ctx, cancel := context.WithTimeout(ctx, downloadLimit)
	defer cancel()
	dir := filepath.Join(cacheDir(), "download")
	lock, err := waitAcquire(ctx, dir)
	if err != nil {
		return "", fmt.Errorf("wait for another download: %w", err)
	}
	defer lock.Close()
	if _, err := os.Stat(home); err == nil {
		return home, nil
	}
	return home, p.pip(ctx, filepath.Join(dir, "pypi"), home)
}

// pip downloads into work, as mvn does.
func (p *pypi) pip(ctx context.Context, work, home string) error {
	if err := os.RemoveAll(work); err != nil {
		return err
	}
	if err := os.MkdirAll(work, 0o755); err != nil {
		return err
	}
	defer os.RemoveAll(work)
	packages := filepath.Join(work, "packages")
	args := []string{"-m", "pip", "install", "-q", "--no-compile", "--target", packages}
	if err := child.Run(exec.CommandContext(ctx, "python3", append(args, p.packages...)...), filepath.Join(work, "pip.log")); err != nil {
		return fmt.Errorf("download with pip: %w", err)
	}
	return os.Rename(packages, home)
}
