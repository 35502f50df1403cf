package cassandra

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret is a string that prints as stars, however it is printed.
type Secret string

const stars = "***"

// String gives stars.
func (Secret) String() string { return stars }

// Format writes stars for every verb: fmt asks String for some only.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, stars) }

// MarshalText gives stars.
func (Secret) MarshalText() ([]byte, error) { return []byte(stars), nil }

// LogValue gives stars.
func (Secret) LogValue() slog.Value { return slog.StringValue(stars) }
