package feature

// Stored is a row as a store gives it back: what the two stores are compared by.
type Stored struct {
	Version Version
	Values  []any // by Schema.Fields, each as Column.Value gives it
}
