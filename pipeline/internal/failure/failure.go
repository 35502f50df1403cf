// Package failure says what an error means for a graph that runs: whether the
// same batch is tried again, all lanes are reopened, or the graph stops.
package failure

// Class is what an error means.
type Class uint8

// The classes. Of the members of a joined error the greatest decides.
const (
	None      Class = iota // no error
	Transient              // the same batch is tried again
	Restart                // what isn't durable is dropped, and lanes reopen where the stores are
	Fatal                  // the graph stops: what no error says otherwise
)

type marked struct {
	error
	class Class
}

func (m marked) Unwrap() error { return m.error }

// Mark gives an error a class. Nil stays nil.
func Mark(err error, c Class) error {
	if err == nil {
		return nil
	}
	return marked{err, c}
}

// Of is the class of an error: that of its outermost mark. Where errors are
// joined and none of what is around them is marked, the gravest member decides,
// so that a fatal error isn't retried because a transient one came with it.
func Of(err error) Class {
	if err == nil {
		return None
	}
	if m, ok := err.(marked); ok {
		return m.class
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			return Of(inner)
		}
	case interface{ Unwrap() []error }:
		c := None
		for _, member := range e.Unwrap() {
			c = max(c, Of(member))
		}
		if c != None {
			return c
		}
	}
	return Fatal
}
