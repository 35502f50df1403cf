package kafka

import "testing"

func TestManyPartitionsAreFetchedInSmallPieces(t *testing.T) {
	for _, c := range []struct{ set, partitions, want int32 }{
		{0, 1, 2 << 20},
		{0, 2, 2 << 20},
		{0, 8, 512 << 10},
		{0, 64, 64 << 10},
		{0, 10_000, 64 << 10},
		{1 << 20, 64, 1 << 20},
	} {
		s := Source{PartitionBytes: c.set}.defaulted()
		if got := s.partitionBytes(c.partitions); got != c.want {
			t.Errorf("PartitionBytes %d, %d partitions: %d bytes, want %d", c.set, c.partitions, got, c.want)
		}
	}
}
