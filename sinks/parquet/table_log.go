package parquet

import (
	"encoding/json"
	"slices"

	"github.com/apache/iceberg-go/table"
)

// keepLog is a table's next metadata, and how it is written, with the log of
// snapshots that it had: which was current from when on. Wherever a snapshot is taken
// out of the history the library cuts the log off before it, as the format's text
// advises, and Spark and pyiceberg, which find a snapshot by its time in the log,
// would know of the newest ones only. Here all that are listed can be found so: a time
// between two gives the earlier.
func keepLog(was, next table.Metadata) ([]byte, table.Metadata, error) {
	b, err := json.Marshal(next)
	if err != nil {
		return nil, nil, err
	}
	log := slices.Collect(next.SnapshotLogs())
	var cut []table.SnapshotLogEntry
	for e := range was.SnapshotLogs() {
		if !slices.Contains(log, e) && next.SnapshotByID(e.SnapshotID) != nil {
			cut = append(cut, e)
		}
	}
	if len(cut) == 0 {
		return b, next, nil
	}
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(b, &fields); err != nil {
		return nil, nil, err
	}
	if fields["snapshot-log"], err = json.Marshal(append(cut, log...)); err != nil {
		return nil, nil, err
	}
	if b, err = json.Marshal(fields); err != nil {
		return nil, nil, err
	}
	next, err = table.ParseMetadataBytes(b)
	return b, next, err
}
