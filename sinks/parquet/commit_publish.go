package parquet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
)

// publish commits the plan on exactly the table that it was made for.
func (l *lake) publish(ctx context.Context, t *table.Table, p *plan) error {
	text, err := json.Marshal(p.progress)
	if err != nil {
		return err
	}
	says := iceberg.Properties{progressKey: pack(text), commitKey: p.id}
	shows := iceberg.Properties{progressKey: string(text)}
	if len(p.files) == 0 && p.deletes == nil {
		return l.publishEmpty(ctx, t, says, shows)
	}
	tx := t.NewTransaction()
	if err := tx.AssertRefSnapshotID(table.MainBranch); err != nil {
		return err
	}
	if err := tx.SetProperties(shows); err != nil {
		return err
	}
	if p.deletes == nil {
		err = tx.AddDataFiles(ctx, p.files, says, table.WithoutAutoNameMapping(), table.WithoutDuplicateCheck())
	} else {
		err = tx.NewRowDelta(says).AddRows(p.files...).AddDeletes(p.deletes).Commit(ctx)
	}
	if err != nil {
		return err
	}
	_, err = tx.Commit(ctx)
	return err
}

// publishEmpty commits progress that brings no rows. The library makes no
// snapshot without files, and a property alone would not be seen by a stale
// writer: its commit, pinned to the old snapshot, would go through and take the
// progress back. So this is a snapshot with the files of its parent.
func (l *lake) publishEmpty(ctx context.Context, t *table.Table, says, shows iceberg.Properties) error {
	var manifests []iceberg.ManifestFile
	if parent := t.CurrentSnapshot(); parent != nil {
		var err error
		if manifests, err = parent.Manifests(l.disk); err != nil {
			return err
		}
	}
	return l.publishManifests(ctx, t, newSnapshot(t, table.OpAppend, says), manifests, table.NewSetPropertiesUpdate(shows))
}

// newSnapshot follows the current one and has the same rows.
func newSnapshot(t *table.Table, op table.Operation, says iceberg.Properties) *table.Snapshot {
	m, schema := t.Metadata(), t.Schema().ID
	s := &table.Snapshot{
		SnapshotID: rand.Int64(), SequenceNumber: m.LastSequenceNumber() + 1,
		TimestampMs: max(time.Now().UnixMilli(), m.LastUpdatedMillis()), SchemaID: &schema,
		Summary: &table.Summary{Operation: op, Properties: says},
	}
	if parent := t.CurrentSnapshot(); parent != nil {
		s.ParentSnapshotID = &parent.SnapshotID
		s.Summary.Properties = totals(parent, says)
	}
	return s
}

// totals carries the parent's counts on.
func totals(parent *table.Snapshot, says iceberg.Properties) iceberg.Properties {
	all := maps.Clone(says)
	if parent.Summary != nil {
		for k, v := range parent.Summary.Properties {
			if strings.HasPrefix(k, "total-") {
				all[k] = v
			}
		}
	}
	return all
}

// publishManifests commits a snapshot that was made by hand, on exactly the
// table that it was made for.
func (l *lake) publishManifests(ctx context.Context, t *table.Table, s *table.Snapshot, manifests []iceberg.ManifestFile, more ...table.Update) error {
	s.ManifestList = fmt.Sprintf("%s/metadata/snap-%d-%s", t.Location(), s.SnapshotID, newName(".avro"))
	out, err := l.disk.Create(s.ManifestList)
	if err != nil {
		return err
	}
	err = iceberg.WriteManifestList(2, out, s.SnapshotID, s.ParentSnapshotID, &s.SequenceNumber, 0, manifests)
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	updates := append([]table.Update{
		table.NewAddSnapshotUpdate(s),
		table.NewSetSnapshotRefUpdate(table.MainBranch, s.SnapshotID, table.BranchRef, 0, 0, 0),
	}, more...)
	return l.commitExactly(ctx, t, updates)
}

// commitExactly commits to the table as it was loaded, or not at all.
func (l *lake) commitExactly(ctx context.Context, t *table.Table, updates []table.Update) error {
	next, _, err := l.catalog.CommitTable(ctx, l.id, []table.Requirement{unchanged{t.Metadata()}}, updates)
	if err != nil {
		return err
	}
	l.dropOldMetadata(t.Metadata(), next)
	return nil
}

// unchanged requires the very metadata that was loaded, which the catalog gives
// again as long as it is the table's. The main branch alone would not do where
// snapshots are expired: a tag may have been put on one of them meanwhile.
type unchanged struct{ table.Metadata }

func (u unchanged) GetType() string { return "assert-unchanged" }

func (u unchanged) Validate(is table.Metadata) error {
	if is != u.Metadata {
		return errors.New("it is not what was loaded")
	}
	return nil
}

// dropOldMetadata removes the metadata files that the table's log lists no more, as
// the library does after its own commits.
func (l *lake) dropOldMetadata(was, is table.Metadata) {
	kept := map[string]bool{}
	for f := range is.PreviousFiles() {
		kept[f.MetadataFile] = true
	}
	for f := range was.PreviousFiles() {
		if !kept[f.MetadataFile] {
			_ = l.disk.Remove(f.MetadataFile)
		}
	}
}
