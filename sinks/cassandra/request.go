package cassandra

import (
	"encoding/binary"

	"github.com/gocql/gocql"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// request is rows in wire form, on their way to one node together. Its memory is used again.
type request struct {
	table *table
	buf   []byte // the bytes of all cells
	cells []cell
	rows  []wireRow
	size  int // no less than what Cassandra counts of it

	wires []wire // by cell
	args  []any  // by cell, pointing into wires
}

// cell is a stretch of request.buf, or null, or unset: what is in the table stays.
type cell struct{ from, to int }

var null, unset = cell{-1, -1}, cell{-2, -2}

// wireRow is one row of a request: cells [first, end) are what its statement binds.
type wireRow struct {
	first, end int
	remove     bool
	key        cell // the partition key as a whole, which routes
}

func (r *request) reset() {
	r.buf, r.cells, r.rows, r.size = r.buf[:0], r.cells[:0], r.rows[:0], 0
}

// encode appends row i: timestamp, TTL and values, then the keys, as the statements bind them.
func (r *request) encode(rows *feature.Rows, i int, life span) error {
	v := rows.Version(i)
	ts, err := timestamp(rows.Schema, v)
	if err != nil {
		return at(rows, i, err)
	}
	ttl, over := life.seconds(v.Time, rows.Records[i].Timestamp)
	row := wireRow{first: len(r.cells), remove: v.Delete || over}
	r.cell(binary.BigEndian.AppendUint64(r.buf, uint64(ts)))
	if !row.remove {
		r.cell(binary.BigEndian.AppendUint32(r.buf, uint32(ttl)))
		r.values(rows, i, v)
	}
	row.key = r.keys(rows, i)
	row.end = len(r.cells)
	r.rows = append(r.rows, row)
	r.size += r.sizeOf(row)
	return checkRow(rows, i, r.key(row))
}

// cell takes what was appended to the buffer as the next cell.
func (r *request) cell(buf []byte) {
	r.cells = append(r.cells, cell{len(r.buf), len(buf)})
	r.buf = buf
}

// values appends every column, nulls too: a column left out would keep an older row's value. OnlyColumn may keep it, for
// it counts where it has the row's own timestamp only. A null for every row would be a tombstone for every row.
func (r *request) values(rows *feature.Rows, i int, v feature.Version) {
	if r.table.layout == Packed {
		r.cell(appendPacked(r.buf, r.table, rows, i, v))
		return
	}
	r.cell(binary.BigEndian.AppendUint32(r.buf, uint32(v.Epoch)))
	r.cell(binary.BigEndian.AppendUint32(r.buf, uint32(v.Partition)))
	r.cell(binary.BigEndian.AppendUint64(r.buf, uint64(v.Offset)))
	r.recordTime(rows.Records[i].Time())
	if rows.Only(feature.Online, i) {
		r.cell(append(r.buf, 1))
	} else {
		r.cells = append(r.cells, unset)
	}
	for k := range r.table.slots {
		c := r.table.slots[k].field
		if c < 0 || rows.Columns[c].Null(i) {
			r.cells = append(r.cells, null)
			continue
		}
		r.cell(appendValue(r.buf, &rows.Columns[c], i))
	}
}

func (r *request) recordTime(ms int64) {
	if ms == feature.NoTime {
		r.cells = append(r.cells, null)
		return
	}
	r.cell(binary.BigEndian.AppendUint64(r.buf, uint64(ms)))
}

// keys appends the key columns and gives the partition key: the one column, or each column after two bytes of length
// and before a zero.
func (r *request) keys(rows *feature.Rows, i int) cell {
	keys, first := rows.Schema.Keys(), len(r.cells)
	for _, c := range keys {
		r.cell(appendValue(r.buf, &rows.Columns[c], i))
	}
	if len(keys) == 1 {
		return r.cells[first]
	}
	from := len(r.buf)
	for _, c := range r.cells[first:] {
		r.buf = binary.BigEndian.AppendUint16(r.buf, uint16(c.to-c.from))
		r.buf = append(r.buf, r.buf[c.from:c.to]...)
		r.buf = append(r.buf, 0)
	}
	return cell{from, len(r.buf)}
}

// sizeOf is no less than what Cassandra counts of a row in a batch: the bytes of its values, and 20 of each for its
// timestamp and expiry. What it counts of the row itself is less than its timestamp, TTL and keys are here.
func (r *request) sizeOf(row wireRow) int {
	n := 0
	for _, c := range r.cells[row.first:row.end] {
		n += c.to - c.from + 20
	}
	return n
}

// key is what a row is routed by.
func (r *request) key(row wireRow) []byte { return r.buf[row.key.from:row.key.to] }

// take appends the rows of another request.
func (r *request) take(o *request) {
	bytes, cells := len(r.buf), len(r.cells)
	r.buf = append(r.buf, o.buf...)
	for _, c := range o.cells {
		if c.from >= 0 {
			c = cell{c.from + bytes, c.to + bytes}
		}
		r.cells = append(r.cells, c)
	}
	for _, row := range o.rows {
		row.first, row.end = row.first+cells, row.end+cells
		row.key = cell{row.key.from + bytes, row.key.to + bytes}
		r.rows = append(r.rows, row)
	}
	r.size += o.size
}

// bind makes the cells arguments, once the buffer moves no more.
func (r *request) bind() {
	r.wires, r.args = r.wires[:0], r.args[:0]
	for _, c := range r.cells {
		if c.from < 0 {
			r.wires = append(r.wires, nil)
			continue
		}
		r.wires = append(r.wires, r.buf[c.from:c.to:c.to])
	}
	for i := range r.wires {
		if r.cells[i] == unset {
			r.args = append(r.args, gocql.UnsetValue)
			continue
		}
		r.args = append(r.args, &r.wires[i])
	}
}

// bound are the arguments of a row's statement.
func (r *request) bound(row wireRow) []any { return r.args[row.first:row.end] }
