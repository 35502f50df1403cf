package rooms

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// SQLite's code is translated for one version of its C library, and the online
// sink shares memory with both.
func TestTheCLibraryIsTheOneThatSQLiteNames(t *testing.T) {
	const libc = "modernc.org/libc"
	named := regexp.MustCompile(`(?m)^\s*` + libc + ` (\S+)`).FindStringSubmatch(goMod(t, "modernc.org/sqlite"))
	ours := strings.TrimSpace(list(t, "{{.Version}}", libc))
	if named == nil || named[1] != ours {
		t.Errorf("%s is %s here, and SQLite names %v", libc, ours, named)
	}
}

func goMod(t *testing.T, module string) string {
	t.Helper()
	text, err := os.ReadFile(strings.TrimSpace(list(t, "{{.GoMod}}", module)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func list(t *testing.T, format, module string) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", format, module).CombinedOutput()
	if err != nil {
		t.Fatalf("go list -m %s: %v: %s", module, err, out)
	}
	return string(out)
}
