package sinktest

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/pipelinetest/rowmodel"
)

// model is what the store must hold of the batches sent.
type model struct{ *rowmodel.Model }

func newModel(s *feature.Schema, store feature.Store) *model {
	return &model{rowmodel.New(s, store)}
}

// add replays the rows of a batch that are live at the store.
func (m *model) add(rows *feature.Rows) { m.addBefore(rows, math.MaxInt64) }

// addBefore replays those before an offset.
func (m *model) addBefore(rows *feature.Rows, offset int64) {
	for i := range rows.Len() {
		if rows.Outcomes[m.Store][i] == feature.Pending && rows.Records[i].Offset < offset {
			m.Add(rowmodel.Of(rows, m.Store, i))
		}
	}
}

// differences tells, for people, where a store differs from what it must hold.
func differences(s *feature.Schema, want, got map[string]feature.Stored) []string {
	var out []string
	for id, w := range want {
		g, ok := got[id]
		if !ok {
			out = append(out, "missing: "+rowmodel.Describe(s, w))
		} else if !rowmodel.Same(w, g) {
			out = append(out, rowmodel.DescribeTwo(s, w, g))
		}
	}
	for id, g := range got {
		if _, ok := want[id]; !ok {
			out = append(out, "should not be there: "+rowmodel.Describe(s, g))
		}
	}
	return out
}

// report fails the test with the first few differences.
func report(t testing.TB, what string, diffs []string) {
	t.Helper()
	if len(diffs) == 0 {
		return
	}
	const most = 5
	more := ""
	if n := len(diffs) - most; n > 0 {
		diffs, more = diffs[:most], fmt.Sprintf("\n\t… and %d more", n)
	}
	t.Errorf("%s:\n\t%s%s", what, strings.Join(diffs, "\n\t"), more)
}
