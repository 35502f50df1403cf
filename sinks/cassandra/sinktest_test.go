package cassandra_test

import (
	"testing"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/cassandra"
	"github.com/tandemdata/tandem/sinks/sinktest"
)

func TestSinkPacked(t *testing.T) {
	sinktest.Run(t, func(t testing.TB) sinktest.Target {
		s := freshSink(t)
		s.Layout = cassandra.Packed
		return packed{s}
	})
}

func TestSinkPlain(t *testing.T) {
	sinktest.Run(t, func(t testing.TB) sinktest.Target {
		s := freshSink(t)
		s.Layout = cassandra.Plain
		return plain{s}
	})
}

// packed keeps every order; what is in a row can always be null.
type packed struct{ *cassandra.Sink }

func (packed) Limits() sinktest.Limits { return sinktest.Limits{AllNullable: true} }

// plain keeps the order by log alone.
type plain struct{ *cassandra.Sink }

func (plain) Limits() sinktest.Limits {
	return sinktest.Limits{Orders: []feature.Order{feature.ByLog}, AllNullable: true}
}
