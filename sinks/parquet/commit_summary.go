package parquet

import (
	"strconv"

	"github.com/apache/iceberg-go"
)

// summaryOf adds the counts of a plan's files to a snapshot's summary, which has
// the totals of its parent.
func summaryOf(says iceberg.Properties, p *plan) iceberg.Properties {
	var rows, size, deleted, deleteFiles int64
	for _, f := range p.files {
		rows, size = rows+f.Count(), size+f.FileSizeBytes()
	}
	for _, f := range p.deletes {
		deleted, deleteFiles, size = deleted+f.Count(), deleteFiles+1, size+f.FileSizeBytes()
	}
	for name, n := range map[string]int64{
		"data-files": int64(len(p.files)), "records": rows, "files-size": size,
		"delete-files": deleteFiles, "position-deletes": deleted,
	} {
		was, _ := strconv.ParseInt(says["total-"+name], 10, 64) // nothing is the first snapshot's
		says["total-"+name] = strconv.FormatInt(was+n, 10)
		if n > 0 {
			says["added-"+name] = strconv.FormatInt(n, 10)
		}
	}
	if deleteFiles > 0 {
		says["added-position-delete-files"] = strconv.FormatInt(deleteFiles, 10)
	}
	if says["total-equality-deletes"] == "" {
		says["total-equality-deletes"] = "0"
	}
	return says
}
