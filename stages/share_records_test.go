package stages

import (
	"testing"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Records are shared with their source, so that a batch that another follows in
// must not write into what lies after its own.
func TestABatchSharesItsRecordsAndNoOthers(t *testing.T) {
	d, _ := opened(t, Decode{Group: feature.Group{Name: "g", PrimaryKey: []string{"k"}}, Schema: `{"type":"record","name":"R","fields":[{"name":"k","type":"string"}]}`})
	log := bodies([]byte("\x02a"), []byte("\x02"), []byte("\x02c"), []byte("\x02d"))
	in := records(0, log...)
	whole := in.List
	in.List, in.Span.To = whole[:2], 2
	rows := through(t, d, in)
	if &rows.Records[0] != &whole[0] || rows.Len() != 2 {
		t.Errorf("%d records, of their own", rows.Len())
	}
	rows.Extend(rows.Fork())
	if whole[2].Offset != 2 || string(whole[2].Value) != "\x02c" {
		t.Errorf("the record behind the batch is %v now", whole[2])
	}
}
