package main

import (
	"io/fs"
	"path/filepath"
	"strings"
)

// written counts the bytes of all data files that were ever in a table's directory.
// Files stay there for an hour after the table is done with them, so that none is
// missed between two looks.
type written struct {
	dir    string
	sizes  map[string]int64
	commit float64 // bytes of rows that a commit brings: the first ten did
}

func newWritten(warehouse string) *written {
	return &written{dir: filepath.Join(warehouse, "features"), sizes: map[string]int64{}}
}

func (w *written) look(commits int) error {
	rows := 0.0
	err := filepath.WalkDir(w.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, ".parquet") {
			return err
		}
		if _, known := w.sizes[path]; known {
			return nil
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		w.sizes[path] = info.Size()
		if !strings.HasSuffix(path, "-deletes.parquet") {
			rows += float64(info.Size())
		}
		return nil
	})
	if w.commit == 0 {
		w.commit = rows / float64(commits)
	}
	return err
}

// amplification is all bytes of files beside those of the rows that commits brought.
func (w *written) amplification(commits int) float64 {
	all := int64(0)
	for _, size := range w.sizes {
		all += size
	}
	return float64(all) / (w.commit * float64(commits))
}
