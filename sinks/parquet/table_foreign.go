package parquet

import (
	"errors"
	"fmt"

	"github.com/apache/iceberg-go/table"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// follow writes by the table's partition spec from now on, which another engine may
// change at any time as it may its columns, and refuses what others may have made of the table and this
// sink doesn't write: then its rows would be hidden from filters, or be there twice.
// It is asked when the table is opened and by each commit. Equality deletes are found
// where files are listed. Files that were begun by another spec stay of that.
func (l *lake) follow(t *table.Table, s *feature.Schema) error {
	if v := t.Metadata().Version(); v != 2 {
		return l.refuse(t, fmt.Errorf("it has format version %d, and this sink writes version 2", v))
	}
	spec := t.Spec()
	if p := l.parter.Load(); p != nil && p.spec == spec.ID() && p.table == t.Schema().ID && p.schema == s {
		return nil
	}
	if err := checkShape(s, t.Schema(), t.Properties()); err != nil {
		return err
	}
	p, err := newParter(&spec, t.Schema(), s)
	if err != nil {
		return l.refuse(t, err)
	}
	l.parter.Store(p)
	return nil
}

// goOn is follow for files that were begun: their columns are still the table's.
func (l *lake) goOn(t *table.Table) error {
	if err := l.follow(t, l.schema); err != nil || t.Schema().ID == l.began.ID {
		return err
	}
	if err := checkIDs(l.schema, l.began, t.Schema()); err != nil {
		return pipeline.Restart(l.refuse(t, err))
	}
	return nil
}

func (l *lake) refuse(t *table.Table, err error) error {
	return fmt.Errorf("table %s was changed by another engine: %w", t.Identifier()[1], err)
}

// errEqualityDeletes is of a table that another engine deletes rows from by their
// values: which of ours are dead can't be told from positions.
var errEqualityDeletes = errors.New("another engine deleted rows by equality, which this sink can't read: rewrite the table's data files by that engine first")
