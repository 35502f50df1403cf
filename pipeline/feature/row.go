package feature

import (
	"fmt"
	"math/big"
)

// Row is a view of one row of a batch, for people who don't want columns. Its
// methods panic, with the schema in the message, on a name or type that the
// schema doesn't have: that is a mistake in code, not in data.
type Row struct {
	rows *Rows
	i    int
}

// Row is the view of row i.
func (r *Rows) Row(i int) Row { return Row{r, i} }

// Schema is that of its batch.
func (r Row) Schema() *Schema { return r.rows.Schema }

// TopicPartition is the log that the row comes from.
func (r Row) TopicPartition() TopicPartition { return r.rows.TopicPartition }

// Version is what the row is ordered by.
func (r Row) Version() Version { return r.rows.Version(r.i) }

// Record is the log's entry that the row was decoded from.
func (r Row) Record() Record { return r.rows.Records[r.i] }

// Delete reports whether the row deletes its key.
func (r Row) Delete() bool { return r.rows.Ops[r.i] == Delete }

// Null reports whether a column is null.
func (r Row) Null(name string) bool { return r.column(name, Invalid).Null(r.i) }

// Bool is a Bool column; null reads as false.
func (r Row) Bool(name string) bool { return r.column(name, Bool).Bools[r.i] }

// Int32 is an Int32 column; null reads as 0.
func (r Row) Int32(name string) int32 { return r.column(name, Int32).Int32s[r.i] }

// Int64 is an Int64 column; null reads as 0.
func (r Row) Int64(name string) int64 { return r.column(name, Int64).Int64s[r.i] }

// Float32 is a Float32 column; null reads as 0.
func (r Row) Float32(name string) float32 { return r.column(name, Float32).Float32s[r.i] }

// Float64 is a Float64 column; null reads as 0.
func (r Row) Float64(name string) float64 { return r.column(name, Float64).Float64s[r.i] }

// String is a String column; null reads as "".
func (r Row) String(name string) string { return string(r.column(name, String).Slice(r.i)) }

// Bytes is a Bytes column, valid as long as the batch; null reads as empty.
func (r Row) Bytes(name string) []byte { return r.column(name, Bytes).Slice(r.i) }

// Decimal is a Decimal column; null reads as 0.
func (r Row) Decimal(name string) *big.Rat {
	c := r.column(name, Bytes)
	if c.Field.Logical != Decimal {
		panic(fmt.Sprintf("feature: column %v is not a decimal", c.Field))
	}
	return c.Decimal(r.i)
}

// Value is any column, as Column.Value gives it.
func (r Row) Value(name string) any { return r.column(name, Invalid).Value(r.i) }

func (r Row) column(name string, k Kind) *Column {
	i := r.rows.Schema.Index(name)
	if i < 0 {
		panic(fmt.Sprintf("feature: no column %q in %v", name, r.rows.Schema))
	}
	c := &r.rows.Columns[i]
	if k != Invalid && c.Field.Kind != k {
		panic(fmt.Sprintf("feature: column %v is not a %v", c.Field, k))
	}
	return c
}
