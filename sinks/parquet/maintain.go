package parquet

import (
	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
)

// maintainEach is how many commits there are between two that also tidy up.
const maintainEach = 20

// tidyUp has the plan merge small manifests and expire old snapshots. The files of
// the expired ones stay, for a reader may be on one of them. The snapshots that
// the plan takes out of the metadata are named by no tag or branch of the table that
// it is made for, and it is committed to no other.
func (p *plan) tidyUp(t *table.Table, set *Sink) {
	p.tidy = true
	if collects(t.Properties()) {
		p.gone, p.refs = set.expired(t, set.now())
	}
}

// collects reports whether files may be removed from the table at all: if not,
// other tables or branches of a catalog may have them too.
func collects(p iceberg.Properties) bool { return p["gc.enabled"] != "false" }

func idsOf(list []past) []int64 {
	ids := make([]int64, len(list))
	for i, s := range list {
		ids[i] = s.SnapshotID
	}
	return ids
}
