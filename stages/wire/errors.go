package wire

import "errors"

// What is wrong with a record's frame. Each is a kind of dead letters.
var (
	// ErrUnknownSchema says that nobody knows the schema of an id.
	ErrUnknownSchema = errors.New("the schema that wrote the record is not known")

	ErrMagic  = errors.New("the value doesn't begin as its format does")
	ErrHeader = errors.New("the value ends within the header of its format")
	ErrNoKey  = errors.New("a delete's key can't be told from its record key")
)
