package parquet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"strconv"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/catalog"
	"github.com/apache/iceberg-go/table"
	"github.com/google/uuid"
)

// create makes the table. Another process may make the same one at the same time.
//
// The library's own way writes the metadata without syncing it, and escapes the
// location as a URL: it is a plain string to every other reader, so that a blank
// in a directory's name would part the table from its files.
func (l *lake) create(ctx context.Context, set *Sink) error {
	err := l.catalog.CreateNamespace(ctx, table.Identifier{namespace}, nil)
	if err != nil && !errors.Is(err, catalog.ErrNamespaceAlreadyExists) {
		return fmt.Errorf("catalog: %w", err)
	}
	path := filepath.Join(set.Warehouse, namespace, l.schema.Group.Table())
	b, err := l.firstMetadata("file://"+path, set.Partition)
	if err != nil {
		return fmt.Errorf("making table %s: %w", l.schema.Group.Table(), err)
	}
	location := fmt.Sprintf("file://%s/metadata/00000-%s"+metadataSuffix, path, uuid.NewString())
	if err := l.writeDurably(path, location, b); err != nil {
		return err
	}
	return l.catalog.add(ctx, l.id, location)
}

func (l *lake) firstMetadata(location, partition string) ([]byte, error) {
	schema, err := tableSchema(l.schema)
	if err != nil {
		return nil, err
	}
	spec, err := specOf(partition, l.schema, schema)
	if err != nil {
		return nil, err
	}
	properties := maps.Clone(tableProperties)
	properties[groupProperty] = l.schema.Describe().String()
	m, err := table.NewMetadata(schema, &spec, table.UnsortedSortOrder, location, properties)
	if err != nil {
		return nil, err
	}
	return json.Marshal(m)
}

// writeDurably writes a new table's first metadata, and makes the names of its
// directories durable too.
func (l *lake) writeDurably(path, metadata string, b []byte) error {
	err := l.disk.WriteFile(metadata, b)
	for _, dir := range []string{".", "..", "../.."} {
		if err == nil {
			err = l.disk.syncDir(filepath.Join(path, dir))
		}
	}
	return err
}

// tableProperties keep the metadata small, whoever else commits.
var tableProperties = iceberg.Properties{
	"format-version":                             "2",
	"commit.manifest-merge.enabled":              "true",
	"commit.manifest.min-count-to-merge":         "20",
	"commit.manifest.target-size-bytes":          strconv.Itoa(mergeBytes), // the default, 8 MiB, is written again by every twentieth commit
	"write.metadata.delete-after-commit.enabled": "true",
	"write.metadata.previous-versions-max":       "20",
}
