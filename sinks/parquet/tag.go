package parquet

import (
	"context"
	"errors"
	"fmt"

	"github.com/apache/iceberg-go/table"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Tag gives what the table holds now a name by which every engine finds it until the
// tag is dropped: a training set. Nothing that is maintained here, and no expiry of
// another engine, takes its rows. A name that the table has is an error, unless it is
// that of the newest snapshot.
func (s *Sink) Tag(ctx context.Context, schema *feature.Schema, name string) (err error) {
	_, l, err := s.dial(schema)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	return race(ctx, func() error { return l.tag(ctx, name) })
}

func (l *lake) tag(ctx context.Context, name string) error {
	t, err := l.load(ctx)
	if err != nil {
		return err
	}
	newest, has := t.CurrentSnapshot(), t.SnapshotByName(name)
	switch {
	case name == "":
		return errors.New("a tag without a name")
	case newest == nil:
		return fmt.Errorf("tag %s: table %s is empty", name, l.id[1])
	case has != nil && has.SnapshotID == newest.SnapshotID && name != table.MainBranch:
		return nil
	case has != nil:
		return fmt.Errorf("table %s has a tag or branch %s already, on snapshot %d", l.id[1], name, has.SnapshotID)
	}
	return l.commitExactly(ctx, t, []table.Update{table.NewSetSnapshotRefUpdate(name, newest.SnapshotID, table.TagRef, 0, 0, 0)})
}
