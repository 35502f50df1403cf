package feature

// Stored is a row as a store gives it back: what the two stores are compared by.
type Stored struct {
	Version    Version
	Values     []any // by Schema.Fields, each as Column.Value gives it
	RecordTime int64 // the record's timestamp, as Record.Time gives it: no part of the row's content, nor of its order
	Only       bool  // the row was meant for this store alone
}
