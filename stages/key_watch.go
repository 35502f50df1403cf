package stages

import (
	"fmt"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/stages/internal/window"
)

// keyWatch contradicts a group that says that its keys stay, where one is seen in
// two partitions by lanes of this process. It is nil where nobody says that, or
// where the topic has one partition.
type keyWatch struct {
	seen  window.Lane
	order feature.Order
}

func watchKeys(n *pipeline.Node, keys int) *keyWatch {
	if !n.Schema.Group.KeysStay() || n.Lane != nil && n.Lane.Partitions == 1 {
		return nil
	}
	all := pipeline.Shared(n, func() *window.Partitions { return window.NewPartitions(windowKeys(keys)) })
	return &keyWatch{window.Lane{Partitions: all}, n.Schema.Group.Order}
}

// check stops the graph at a key that is in two partitions: rows may have been
// taken for older or for duplicates that weren't.
func (k *keyWatch) check(rows *feature.Rows) error {
	if k == nil {
		return nil
	}
	moved, was := k.seen.Visit(rows)
	if moved < 0 {
		return nil
	}
	out := "declare feature.KeysMove, which drops no duplicates"
	if k.order == feature.ByLog {
		out = "order the group by event time with feature.KeysMove"
	}
	return &pipeline.RecordError{TopicPartition: rows.TopicPartition, Offset: rows.Records[moved].Offset, Err: fmt.Errorf(
		"the key of this row was in partition %d before and is in %d now, but feature group %q says that keys stay (by log they must): "+
			"have every producer hash keys alike, and begin a new epoch; or %s", was, rows.Partition, rows.Schema.Group.Name, out)}
}
