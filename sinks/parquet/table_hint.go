package parquet

import (
	"context"
	"os"
	"strings"

	"github.com/apache/iceberg-go/table"
)

const (
	hintFile       = "version-hint.text"
	metadataSuffix = ".metadata.json"
)

// hint writes which metadata is the table's, for readers that have no catalog. It is
// no part of a commit: one that fails is made good by the next, and meanwhile the
// metadata that it names is there. Of two processes that commit one may come late: each
// looks again after it has written.
func (c *sqlCatalog) hint(ctx context.Context, id table.Identifier, location string) error {
	for {
		dir, name := splitLocation(location)
		if err := c.replaceFile(dir+hintFile, []byte(strings.TrimSuffix(name, metadataSuffix))); err != nil {
			return err
		}
		is, err := c.location(ctx, id)
		if err != nil || is == location {
			return err
		}
		location = is
	}
}

// replaceFile puts a file in the place of another at once, so that none is ever
// read that is half written.
func (c *sqlCatalog) replaceFile(uri string, b []byte) error {
	temporary := pathOfURI(uri) + "." + newName(".tmp")
	if err := os.WriteFile(temporary, b, 0o644); err != nil {
		return err
	}
	err := c.disk.check("rename", uri)
	if err == nil {
		err = os.Rename(temporary, pathOfURI(uri))
	}
	if err != nil {
		_ = os.Remove(temporary)
	}
	return err
}

// splitLocation parts the directory, with its slash, from the name.
func splitLocation(location string) (dir, name string) {
	i := strings.LastIndexByte(location, '/') + 1
	return location[:i], location[i:]
}
