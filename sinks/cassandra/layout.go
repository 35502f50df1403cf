package cassandra

import "strconv"

// Layout is how a row lies in its table.
type Layout uint8

const (
	// Auto is Packed for groups ordered by event time and Plain for those ordered by log.
	Auto Layout = iota

	// Plain gives each feature a column of its own. Cassandra merges such rows column by column, so two rows of a key
	// must never have one timestamp. By log no two rows do.
	Plain

	// Packed keeps all features in one cell, `tandem_row frozen<group_version_row>`, whose first field is the row's place in
	// the order. Cassandra resolves equal timestamps by a cell's bytes, so for the whole row at once and by the order.
	// `SELECT tandem_row.amount` reads one feature. It is also the faster layout: one cell in place of many.
	Packed
)

// String is the name of the layout.
func (l Layout) String() string {
	switch l {
	case Auto:
		return "auto"
	case Plain:
		return "plain"
	case Packed:
		return "packed"
	}
	return "layout(" + strconv.Itoa(int(l)) + ")"
}
