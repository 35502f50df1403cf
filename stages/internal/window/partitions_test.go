package window

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline/feature"
)

func keysIn(p int32, keys ...string) *feature.Rows {
	list := make([]rowgen.Row, len(keys))
	for i, k := range keys {
		list[i] = rowgen.Row{Offset: int64(i), Key: k}
	}
	return rowgen.Batch(rowgen.Plain(), feature.TopicPartition{Topic: "rows", Partition: p}, list...)
}

func TestAKeyThatMovesIsFoundByTheLaneThatItMovesTo(t *testing.T) {
	all := NewPartitions(100)
	first, second := Lane{Partitions: all}, Lane{Partitions: all}
	for range 2 {
		if moved, _ := first.Visit(keysIn(0, "a", "b")); moved >= 0 {
			t.Fatalf("row %d moved", moved)
		}
	}
	if moved, was := second.Visit(keysIn(3, "c", "a", "b")); moved != 1 || was != 0 {
		t.Errorf("row %d was in partition %d, want row 1 of partition 0", moved, was)
	}
}

func TestRowsThatAreReplayedOrDroppedSayNothingOfTheirKeys(t *testing.T) {
	all := NewPartitions(100)
	first, second := Lane{Partitions: all}, Lane{Partitions: all}
	before := keysIn(0, "a", "b")
	before.MarkReplayed(1)
	before.Drop(1, feature.Filtered)
	first.Visit(before)
	if moved, _ := second.Visit(keysIn(1, "a", "b")); moved >= 0 {
		t.Errorf("row %d moved", moved)
	}
}

// Lanes that visit keys of their own at once, more keys than there is room for, are never stopped.
func TestNoKeyIsTakenForAnother(t *testing.T) {
	const lanes, batches = 4, 30
	all := NewPartitions(1000)
	var visiting sync.WaitGroup
	for p := range int32(lanes) {
		visiting.Go(func() {
			l, rnd := Lane{Partitions: all}, rand.New(rand.NewPCG(1, uint64(p)))
			keys := make([]string, 200)
			for range batches {
				for i := range keys {
					keys[i] = fmt.Sprint(rnd.IntN(5000)*lanes + int(p))
				}
				if moved, was := l.Visit(keysIn(p, keys...)); moved >= 0 {
					t.Errorf("key %s of partition %d was in partition %d", keys[moved], p, was)
					return
				}
			}
		})
	}
	visiting.Wait()
}

// Among four times as many other keys as are to be remembered, one that goes to and fro is
// found before long.
func TestAKeyThatMovesAgainAndAgainIsFoundAmongMany(t *testing.T) {
	const keys, tries = 1000, 30
	rnd, visits := rand.New(rand.NewPCG(1, 2)), 0
	for try := range tries {
		l, found := Lane{Partitions: NewPartitions(keys)}, false
		for n := int32(0); !found && visits <= 4*tries; n++ {
			others := make([]string, 200)
			for i := range others {
				others[i] = fmt.Sprint(try, " ", rnd.IntN(4*keys))
			}
			l.Visit(keysIn(9, others...))
			moved, _ := l.Visit(keysIn(n%2, fmt.Sprint("before it ", n%2), "to and fro"))
			found = moved >= 0
			visits++
		}
	}
	if visits > 4*tries {
		t.Errorf("it was found after %d visits on average", visits/tries)
	}
}
