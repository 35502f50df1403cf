package parquet

import (
	"errors"
	"fmt"

	"github.com/apache/iceberg-go/table"
)

// checkForeign refuses what other engines may have made of the table and this
// sink doesn't write: then its rows would be hidden from filters, or be there twice.
// It is asked when the table is opened and by each commit, for it may come at any
// time. Equality deletes are found where files are listed.
func checkForeign(t *table.Table) error {
	var wrong []error
	if v := t.Metadata().Version(); v != 2 {
		wrong = append(wrong, fmt.Errorf("it has format version %d, and this sink writes version 2", v))
	}
	if spec := t.Spec(); !spec.IsUnpartitioned() {
		wrong = append(wrong, fmt.Errorf("it is partitioned (%v), and this sink writes no partitions", spec))
	}
	if len(wrong) == 0 {
		return nil
	}
	return fmt.Errorf("table %s was changed by another engine: %w", t.Identifier()[1], errors.Join(wrong...))
}

// errEqualityDeletes is of a table that another engine deletes rows from by their
// values: which of ours are dead can't be told from positions.
var errEqualityDeletes = errors.New("another engine deleted rows by equality, which this sink can't read: rewrite the table's data files by that engine first")
