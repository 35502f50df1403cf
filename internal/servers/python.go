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

// pypi are clients that nobody here wrote, from the Python Package Index.
type pypi []string

var clients = pypi{"fastavro>=1.9,<2", "confluent-kafka[avro,schemaregistry]>=2.5,<3"}

// String is for people.
func (pypi) String() string { return "fastavro and confluent-kafka" }

// Python returns a command that runs a script with fastavro and confluent-kafka, or skips the test and says how to run
// it. The packages are downloaded once, and kept in the user's cache directory.
func Python(t testing.TB, script string, args ...string) *exec.Cmd {
	t.Helper()
	skipIfDeclined(t, clients)
	if exec.Command("python3", "-m", "pip", "--version").Run() != nil {
		skip(t, clients, "no python3 with pip on PATH", "install Python 3 and pip")
	}
	dir, err := clients.install(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "python3", append([]string{script}, args...)...)
	cmd.Env = append(os.Environ(), "PYTHONPATH="+dir, "PYTHONDONTWRITEBYTECODE=1")
	return cmd
}

// install puts the packages into a directory of their own, unless they are there.
func (p pypi) install(ctx context.Context) (string, error) {
	tag, err := exec.CommandContext(ctx, "python3", "-c", "import sys; print(sys.implementation.cache_tag)").Output()
	if err != nil {
		return "", fmt.Errorf("python3: %w", err)
	}
	home := filepath.Join(cacheDir(), fmt.Sprintf("pypi-%s-%08x", strings.TrimSpace(string(tag)), crc32.ChecksumIEEE([]byte(strings.Join(p, " ")))))
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
func (p pypi) pip(ctx context.Context, work, home string) error {
	if err := os.RemoveAll(work); err != nil {
		return err
	}
	if err := os.MkdirAll(work, 0o755); err != nil {
		return err
	}
	defer os.RemoveAll(work)
	packages := filepath.Join(work, "packages")
	args := []string{"-m", "pip", "install", "-q", "--no-compile", "--target", packages}
	if err := child.Run(exec.CommandContext(ctx, "python3", append(args, p...)...), filepath.Join(work, "pip.log")); err != nil {
		return fmt.Errorf("download with pip: %w", err)
	}
	return os.Rename(packages, home)
}
