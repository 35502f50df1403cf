package parquet

import (
	pq "github.com/parquet-go/parquet-go"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// ownColumns are the table's own columns of a row group.
type ownColumns [4]feature.Column

func (d *decoder) readOwn(g pq.RowGroup, l *layout) (*ownColumns, error) {
	var cols ownColumns
	for i := range cols {
		cols[i] = feature.NewColumn(own[i])
		if err := d.read(g, l.own(i), &cols[i]); err != nil {
			return nil, err
		}
	}
	return &cols, nil
}

func (o *ownColumns) version(i int, time int64) feature.Version {
	return feature.Version{
		Time: time, Delete: o[deletedColumn].Bools[i],
		Epoch: o[epochColumn].Int32s[i], Partition: o[partitionColumn].Int32s[i], Offset: o[offsetColumn].Int64s[i],
	}
}
