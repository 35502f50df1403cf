package cassandra

import (
	"math"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// collapse leaves one live row of each key, the newest, marks the others superseded, and gives the latest timestamp of
// the live rows' records. Two rows of one key must not be in one write: their order among the requests in flight is
// anyone's, and within one batch of one timestamp it doesn't count. The map is working memory.
func collapse(rows *feature.Rows, newest map[feature.Digest]int) int64 {
	clear(newest)
	latest, order, outcomes := int64(math.MinInt64), rows.Schema.Group.Order, rows.Outcomes[feature.Online]
	for i, outcome := range outcomes {
		if outcome != feature.Pending {
			continue
		}
		latest = max(latest, rows.Records[i].Timestamp)
		key := rows.KeyDigest(i)
		best, ok := newest[key]
		switch {
		case !ok:
			newest[key] = i
		case order.Compare(rows.Version(i), rows.Version(best)) > 0:
			outcomes[best] = feature.Superseded
			newest[key] = i
		default:
			outcomes[i] = feature.Superseded
		}
	}
	return latest
}
