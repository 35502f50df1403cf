package parquet

import (
	pq "github.com/parquet-go/parquet-go"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/parquet/internal/column"
)

// ownColumns are the table's own columns of a row group.
type ownColumns [len(own)]feature.Column

func readOwn(d *column.Decoder, g pq.RowGroup, l *layout) (*ownColumns, error) {
	var cols ownColumns
	for i := range cols {
		cols[i] = feature.NewColumn(own[i])
		if err := d.Read(g, l.own(i), &cols[i]); err != nil {
			return nil, err
		}
	}
	return &cols, nil
}

// recordTime is the record's timestamp of row i.
func (o *ownColumns) recordTime(i int) int64 {
	if o[timeColumn].Null(i) {
		return feature.NoTime
	}
	return o[timeColumn].Int64s[i]
}

func (o *ownColumns) version(i int, time int64) feature.Version {
	return feature.Version{
		Time: time, Delete: o[deletedColumn].Bools[i],
		Epoch: o[epochColumn].Int32s[i], Partition: o[partitionColumn].Int32s[i], Offset: o[offsetColumn].Int64s[i],
	}
}

// timesOf is the event-time column, with the times that deletes got in place of nulls.
func timesOf(rows *feature.Rows) *feature.Column {
	t := rows.Schema.Time()
	if t < 0 || rows.Columns[t].Valid == nil {
		return &rows.Columns[max(t, 0)]
	}
	c := &rows.Columns[t]
	filled := feature.NewColumn(c.Field)
	for i := range rows.Len() {
		if c.Field.Kind == feature.Int32 {
			filled.Int32s = append(filled.Int32s, int32(rows.Time(i)))
		} else {
			filled.Int64s = append(filled.Int64s, rows.Time(i))
		}
	}
	return &filled
}

// fillOwn makes the table's own columns for some rows.
func (f *dataFile) fillOwn(rows *feature.Rows, r run) int {
	for i := range f.own {
		f.own[i].Truncate(0)
	}
	if f.layout.nulls {
		f.fillNullable(rows, r)
	}
	for i := r.from; i < r.to; i++ {
		f.own[epochColumn].Int32s = append(f.own[epochColumn].Int32s, rows.Epoch)
		f.own[partitionColumn].Int32s = append(f.own[partitionColumn].Int32s, rows.Partition)
		f.own[offsetColumn].Int64s = append(f.own[offsetColumn].Int64s, rows.Records[i].Offset)
		f.own[timeColumn].Int64s = append(f.own[timeColumn].Int64s, rows.Records[i].Time())
		f.own[deletedColumn].Bools = append(f.own[deletedColumn].Bools, rows.Ops[i] == feature.Delete)
	}
	return r.to - r.from
}

// fillNullable says of the table's own columns where they are null.
func (f *dataFile) fillNullable(rows *feature.Rows, r run) {
	time, only := &f.own[timeColumn], &f.own[onlyColumn]
	for i := r.from; i < r.to; i++ {
		time.Valid = append(time.Valid, rows.Records[i].Time() != feature.NoTime)
		alone := rows.Only(feature.Offline, i)
		only.Valid, only.Bools = append(only.Valid, alone), append(only.Bools, alone)
	}
}
