package stages

import (
	"context"
	"errors"
	"fmt"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// Dedup drops rows that change nothing: a row whose offset came before, and a
// row that is equal in content to the newest one known of its identity, store
// by store. Of A, B, A the last A stays.
//
// It compares a row with those of its own partition, so it needs
// feature.KeysStay: by event time Check asks for it. A key that is seen in two
// partitions all the same stops the graph, unless the two are read by two processes.
//
// What it knows is bounded: beyond its window a duplicate goes on, and the
// sinks' upsert makes nothing of it. A stage that drops rows by more than their
// content belongs before it: a row that is equal to one which such a stage drops
// later would be dropped here.
type Dedup struct {
	// OffsetsOnly leaves content alone: only a row whose offset came before is
	// dropped. It is all that can be done where keys move between partitions: of
	// A, B, A at one event time, the B may lie in another one, and the last A
	// must win. Default false.
	OffsetsOnly bool

	// MaxKeys is how many identities the node remembers, the last half of them
	// for certain; each takes 40 bytes. All lanes of the process share them
	// equally. Default 1048576.
	MaxKeys int

	// ReadBack is how many records before its start a lane reads, so that the
	// window survives a restart. Default 16384; -1 for none.
	ReadBack int
}

var (
	_ pipeline.Spec[*feature.Rows, *feature.Rows] = Dedup{}
	_ pipeline.Describer                          = Dedup{}
	_ pipeline.Replayer                           = Dedup{}
)

// Describe passes the schema on.
func (d Dedup) Describe(in *feature.Schema) (*feature.Schema, error) {
	return in, errors.Join(checkWindow(d.MaxKeys, d.ReadBack), d.checkKeys(in))
}

func (d Dedup) checkKeys(in *feature.Schema) error {
	if in == nil || d.OffsetsOnly || in.Group.KeysStay() {
		return nil
	}
	if in.Group.Keys == feature.KeysMove {
		return fmt.Errorf("with KeysMove in feature group %q it can drop nothing but repeated offsets: leave it out, or say so by OffsetsOnly", in.Group.Name)
	}
	return fmt.Errorf("feature group %q is ordered by event time and doesn't say where rows of a key lie: set Keys to "+
		"feature.KeysStay (every producer hashes keys alike, so that a key's rows are in one partition, and duplicates can be dropped) "+
		"or to feature.KeysMove (they may be in several, and none can)", in.Group.Name)
}

// Replay is the read-back.
func (d Dedup) Replay() int {
	if d.OffsetsOnly {
		return 0
	}
	return readBack(d.ReadBack)
}

// Open makes the stage of one lane, with an empty window.
func (d Dedup) Open(_ context.Context, n *pipeline.Node) (pipeline.Stage[*feature.Rows, *feature.Rows], error) {
	if d.OffsetsOnly {
		return &dedup{}, nil
	}
	st := newDedup(d, n.Schema)
	st.memory, st.watch = joinMemory(n, d.MaxKeys), watchKeys(n, d.MaxKeys)
	return st, nil
}
