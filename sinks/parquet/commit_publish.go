package parquet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
)

// publish commits the plan on exactly the table that it was made for. Each round of
// maintenance is part of a commit: one of its own would lose every race against
// writers that wait to commit.
func (l *lake) publish(ctx context.Context, t *table.Table, p *plan) error {
	text, err := json.Marshal(p.progress)
	if err != nil {
		return err
	}
	op := table.OpAppend
	if len(p.deletes) > 0 {
		op = table.OpOverwrite
	}
	s := l.newSnapshot(t, op, iceberg.Properties{progressKey: pack(text), commitKey: p.id})
	s.Summary.Properties = summaryOf(s.Summary.Properties, p)
	manifests, err := l.manifestsOf(t, s, p)
	if err != nil {
		return err
	}
	more := []table.Update{table.NewSetPropertiesUpdate(iceberg.Properties{progressKey: string(text)})}
	for _, name := range p.refs {
		more = append(more, table.NewRemoveSnapshotRefUpdate(name))
	}
	if len(p.gone) > 0 {
		more = append(more, table.NewRemoveSnapshotsUpdate(idsOf(p.gone), false))
	}
	return l.publishManifests(ctx, t, s, manifests, more...)
}

// manifestsOf are the manifests of the table with the plan's files. A commit that
// brings no files has those of its parent: progress alone must be a snapshot too,
// for a property would not be seen by a stale writer, whose commit, pinned to the
// old snapshot, would go through and take the progress back.
func (l *lake) manifestsOf(t *table.Table, s *table.Snapshot, p *plan) ([]iceberg.ManifestFile, error) {
	var added []addition
	for _, f := range slices.Concat(p.files, p.deletes) {
		added = append(added, addition{file: f})
	}
	all, err := l.writeManifests(t, s, added, l.newManifest)
	if err != nil {
		return nil, err
	}
	if parent := t.CurrentSnapshot(); parent != nil {
		old, err := parent.Manifests(l.disk)
		if err == nil && p.tidy {
			old, err = l.merge(t, s, old)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, old...)
	}
	return all, nil
}

// newSnapshot follows the current one and has the same rows. Its time is never
// before the table's, which no engine would take: the clock of this machine may be
// behind that of another writer.
func (l *lake) newSnapshot(t *table.Table, op table.Operation, says iceberg.Properties) *table.Snapshot {
	m, schema, now := t.Metadata(), t.Schema().ID, l.now().UnixMilli()
	s := &table.Snapshot{
		SnapshotID: rand.Int64(), SequenceNumber: m.LastSequenceNumber() + 1,
		TimestampMs: max(now, m.LastUpdatedMillis()), SchemaID: &schema,
		Summary: &table.Summary{Operation: op, Properties: says},
	}
	if parent := t.CurrentSnapshot(); parent != nil {
		s.ParentSnapshotID = &parent.SnapshotID
		s.Summary.Properties = totals(parent, says)
	}
	if s.TimestampMs-now > time.Minute.Milliseconds() {
		s.Summary.Properties[clockKey] = strconv.FormatInt(now, 10)
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
	updates := []table.Update{table.NewAddSnapshotUpdate(s), mainRef(t, s.SnapshotID)}
	err = l.commitExactly(ctx, t, slices.Concat(updates, l.tagged(t, s), more))
	if errors.Is(err, errMoved) {
		l.discardSnapshot(s, manifests)
	}
	return err
}

// discardSnapshot removes what was written for a snapshot that is known not to be
// in the table.
func (l *lake) discardSnapshot(s *table.Snapshot, manifests []iceberg.ManifestFile) {
	_ = l.disk.Remove(s.ManifestList)
	for _, m := range manifests {
		if m.SnapshotID() == s.SnapshotID {
			_ = l.disk.Remove(m.FilePath())
		}
	}
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
	if p := is.Properties(); !collects(p) || p["write.metadata.delete-after-commit.enabled"] != "true" {
		return
	}
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
