package parquet

import (
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/parquet/internal/identity"
)

// run is a stretch of rows of a batch that are stored, all deletes or none.
type run struct {
	from, to int
	deletes  bool
}

// batch is what a Write takes of its rows.
type batch struct {
	rows  *feature.Rows
	spans []feature.SpanTally // those not accepted before
	runs  []run               // rows of those spans that are stored, deletes apart
	live  int                 // how many those are
	nulls bool                // some of those have nulls where the group has none, as deletes have
}

// newBatch leaves out spans that were accepted before, and rows that the table
// held when the lane opened: those are duplicates.
func newBatch(rows *feature.Rows, s *laneState) *batch {
	b := &batch{rows: rows, spans: rows.Tally(feature.Offline)}
	for len(b.spans) > 0 && b.spans[0].To <= s.accepted {
		b.spans = b.spans[1:]
	}
	if len(b.spans) == 0 {
		return b
	}
	k := 0
	for i := range rows.Records {
		offset := rows.Records[i].Offset
		if offset < b.spans[0].From || rows.Outcomes[feature.Offline][i] != feature.Pending {
			continue
		}
		for offset >= b.spans[k].To {
			k++
		}
		if offset < s.base {
			b.spans[k].Move(feature.Duplicate)
			continue
		}
		b.add(i)
	}
	return b
}

func (b *batch) add(i int) {
	b.live++
	deletes := b.rows.Ops[i] == feature.Delete
	b.nulls = b.nulls || deletes || b.rows.Records[i].Time() == feature.NoTime || b.rows.Only(feature.Offline, i)
	if n := len(b.runs); n > 0 && b.runs[n-1].to == i && b.runs[n-1].deletes == deletes {
		b.runs[n-1].to++
		return
	}
	b.runs = append(b.runs, run{i, i + 1, deletes})
}

// entries enter what the commit must know of the batch's rows into their file; at
// is where the batch's spans begin in its lane's part of the cut.
func (b *batch) entries(d identity.Digester, lane, at uint32) func(*dataFile, run) {
	k := uint32(0)
	var buf []byte
	return func(dst *dataFile, r run) {
		for i := r.from; i < r.to; i++ {
			offset := b.rows.Records[i].Offset
			for offset >= b.spans[k].To {
				k++
			}
			var id identity.Digest
			id, buf = d.Of(buf, b.rows, i)
			dst.identities.Add(id, feature.Version{Delete: r.deletes, Epoch: b.rows.Epoch, Partition: b.rows.Partition, Offset: offset})
			*dst.entries.Add() = entry{b.rows.Time(i), at + k, lane}
		}
	}
}
