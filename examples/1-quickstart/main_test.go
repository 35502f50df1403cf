package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheQuickstartEndsInAgreementAndCanBeRunAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "here")
	for range 2 {
		if err := run(t.Context(), 5000, dir); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAStoreThatLostARowIsNoticed(t *testing.T) {
	p, err := prepare(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	log, err := produce(t.Context(), 3000)
	if err != nil {
		t.Fatal(err)
	}
	defer log.close()
	g := p.graph(log)
	if err := g.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if d := g.Ledger().Sinks["offline"].Duplicate; d < 50 {
		t.Errorf("%d of 3000 rows were dropped as duplicates, of which 3 in 100 are some", d)
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.RemoveAll(p.database() + suffix); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.agree(context.Background()); err == nil {
		t.Error("an empty online store was found to agree")
	}
}

func TestADirectoryWithSomethingElseIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "thesis.tex"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := prepare(dir); err == nil || !strings.Contains(err.Error(), "something else") {
		t.Errorf("got %v", err)
	}
}
