package avro

import (
	"errors"
	"fmt"
)

// Why a body is no row. Errors that are none of these are of a body that no
// writer of its schema would have made.
var (
	ErrTruncated    = errors.New("the payload ends too early")
	ErrTrailing     = errors.New("bytes are left over after the last field")
	ErrUTF8         = errors.New("a string isn't valid UTF-8")
	ErrDuplicateKey = errors.New("a map has this key twice")

	// ErrIncompatible is of schemas, and of single values of a schema that
	// resolves: the reader lacks a branch of a union or a symbol of an enum.
	ErrIncompatible = errors.New("the schema that wrote the record doesn't resolve to the reader's")
)

var (
	errForeignBranch = fmt.Errorf("%w: it has no place for this branch of the writer's union", ErrIncompatible)
	errForeignSymbol = fmt.Errorf("%w: its enum has neither the writer's symbol nor a default", ErrIncompatible)

	errOverflow  = errors.New("a number takes more bits than its type has")
	errBool      = errors.New("a boolean is neither 0 nor 1")
	errBranch    = errors.New("a union has no such branch")
	errLength    = errors.New("a length is negative")
	errBlock     = errors.New("a block of items doesn't have the size that it claims")
	errSymbol    = errors.New("an enum has no such symbol")
	errTimeOfDay = errors.New("a time of day lies outside of the day")
	errUUID      = errors.New("a UUID isn't 32 hexadecimal digits in groups of 8, 4, 4, 4 and 12")
	errPrecision = errors.New("a decimal has more digits than its precision")
	errDepth     = errors.New("a value is nested too deeply")
	errAmbiguous = errors.New("the row can be read in two ways, by where null stands in its unions: name the schema that wrote it")
)
