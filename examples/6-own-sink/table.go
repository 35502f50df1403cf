package main

import (
	"encoding/gob"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Table is what the file holds.
type Table struct {
	Shape string
	Rows  map[string]feature.Stored // by key; deletes too, so that a late older row can't bring its key back
}

// put applies the pending rows of a batch, and counts the rows that they
// replaced, span by span. A row that isn't newer than the one of its key gets
// its outcome: it changes nothing.
func (t *Table) put(rows *feature.Rows) (replaced []int64) {
	order := rows.Schema.Group.Order
	replaced = make([]int64, len(rows.Spans))
	span := 0
	for i := range rows.Len() {
		for rows.Records[i].Offset >= rows.Spans[span].To {
			span++
		}
		if rows.Outcomes[feature.Online][i] != feature.Pending {
			continue
		}
		key, version := string(rows.Key(i)), rows.Version(i)
		old, found := t.Rows[key]
		switch c := order.Compare(version, old.Version); {
		case found && c == 0:
			rows.Drop(i, feature.Duplicate, feature.Online)
			continue
		case found && c < 0:
			rows.Drop(i, feature.Late, feature.Online)
			continue
		case found:
			replaced[span]++
		}
		t.Rows[key] = feature.Stored{
			Version: version, Values: values(rows, i), RecordTime: rows.Records[i].Time(), Only: rows.Only(feature.Online, i),
		}
	}
	return replaced
}

// values copies a row: batches are shared, and nothing of them may be kept.
func values(rows *feature.Rows, i int) []any {
	if rows.Ops[i] == feature.Delete {
		return nil
	}
	out := make([]any, len(rows.Columns))
	for c := range rows.Columns {
		out[c] = rows.Columns[c].Value(i)
	}
	return out
}

// save replaces the file: a reader sees the table of before or this one.
func (t *Table) save(file string) (err error) {
	f, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	err = errors.Join(gob.NewEncoder(f).Encode(t.packed()), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	if err := os.Rename(f.Name(), file); err != nil {
		return err
	}
	return syncDir(filepath.Dir(file))
}

// syncDir makes the new name of a file survive a power cut.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Load reads a file; one that isn't there is an empty table.
func Load(file string) (*Table, error) {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return &Table{}, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	t := &Table{}
	if err := gob.NewDecoder(f).Decode(t); err != nil {
		return nil, err
	}
	return t.unpacked(), nil
}
