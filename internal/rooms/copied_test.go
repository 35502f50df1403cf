package rooms

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The compiler refuses what is internal to another module, so an example that is
// built here needs nothing that a user hasn't got.
func TestExamplesCanBeCopiedIntoAModuleOfTheirOwn(t *testing.T) {
	dir := t.TempDir()
	examples, err := filepath.Glob("../../examples/*/main.go")
	if err != nil || len(examples) < 5 {
		t.Fatalf("found %v (%v)", examples, err)
	}
	for _, main := range examples {
		copyProgram(t, filepath.Dir(main), filepath.Join(dir, filepath.Base(filepath.Dir(main))))
	}
	copyModule(t, dir)
	run(t, dir, "build", "./...")
	if out := run(t, dir, "run", "./0-first-pipeline"); !strings.Contains(out, "Every row is in the Iceberg table") {
		t.Errorf("the first pipeline says:\n%s", out)
	}
}

func copyProgram(t *testing.T, from, to string) {
	t.Helper()
	files, err := filepath.Glob(from + "/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !strings.HasSuffix(file, "_test.go") {
			write(t, filepath.Join(to, filepath.Base(file)), read(t, file))
		}
	}
}

// copyModule makes dir a module that uses the library as it is here. Its versions
// are ours, so nothing is fetched that this repository's own build doesn't fetch.
func copyModule(t *testing.T, dir string) {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimSuffix(module, "/")
	write(t, filepath.Join(dir, "go.mod"), strings.Replace(read(t, "../../go.mod"), "module "+name, "module first", 1))
	write(t, filepath.Join(dir, "go.sum"), read(t, "../../go.sum"))
	run(t, dir, "mod", "edit", "-require="+name+"@v0.0.0", "-replace="+name+"="+root)
}

func run(t *testing.T, dir string, args ...string) string {
	t.Helper()
	c := exec.Command("go", args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
