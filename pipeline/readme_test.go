package pipeline_test

import (
	"os"
	"strings"
	"testing"
)

// The README's code is the part of ExampleGraph between its two markers.
func TestTheReadmeShowsTheTestedExample(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(source), "// README\n")
	code, _, found := strings.Cut(rest, "// README ends\n")
	if !found {
		t.Fatal("example_test.go has no markers")
	}
	if want := "```go\n" + strings.TrimSpace(code) + "\n```"; !strings.Contains(string(readme), want) {
		t.Errorf("README.md doesn't show this:\n%s", want)
	}
}
