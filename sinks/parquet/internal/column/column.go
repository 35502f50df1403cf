// Package column is how a column of a feature group lies in the Parquet files of an
// Iceberg table: its type there, its leaves, and its values on their way into pages
// and back.
package column

import (
	"fmt"

	pq "github.com/parquet-go/parquet-go"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Column is one column of a data file.
type Column struct {
	Field  feature.Field
	ID     int // Iceberg's, by which every reader finds it
	leaves []leaf
}

// Of is the column of a field whose node in the file's schema is known. Before
// anything is written, Find must say where its leaves are.
func Of(f feature.Field, n pq.Node) Column { return Column{f, n.ID(), leavesOf(f, n)} }

// Flat has one leaf, itself.
func Flat(f feature.Field, id int) Column {
	return Column{f, id, []leaf{{field: f, path: []step{{id: id, leads: true}}, scale: Scale(f)}}}
}

// Find looks for the column's leaves in a file where it has the given name, and
// learns what can be null there. What is in the column is found by the ids that
// Iceberg gave it, as the column itself is.
func (c *Column) Find(file *pq.Schema, name string) error {
	for i := range c.leaves {
		if err := c.leaves[i].find(file, name); err != nil {
			return fmt.Errorf("column %v: %w", c.Field, err)
		}
	}
	return nil
}
