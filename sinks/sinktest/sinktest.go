// Package sinktest holds what every sink must do: the contract of
// pipeline.Sink and pipeline.Writer as tests that run against a real store.
package sinktest

import (
	"context"
	"iter"
	"testing"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// Target is a sink whose rows can be read back.
type Target interface {
	pipeline.Sink

	// Scan gives every row that a reader of the store sees, in any order: online
	// the row of each key, offline deletes too. Version.Time is the event time in
	// the column's own unit, 0 where none is declared. A delete has its key
	// columns and its event time; its other values are nil. RecordTime is what
	// Record.Time gives, and Only what Rows.Only gave when the row was written.
	// It may be called while the sink is open, and after it was closed.
	Scan(ctx context.Context, s *feature.Schema) iter.Seq2[feature.Stored, error]
}

// Limited is a Target that can't keep everything. Its Check must refuse exactly
// what it says here; the rest of the suite leaves that out.
type Limited interface {
	Limits() Limits
}

// Limits are a store's differences, as data.
type Limits struct {
	Orders    []feature.Order          // default both
	CheckRows func(feature.Field) bool // default none

	// AllNullable says that the store knows no column that is never null.
	AllNullable bool
}

// Run proves the contract. open makes settings for a fresh, empty store; opening
// the same Target again opens the same store.
func Run(t *testing.T, open func(t testing.TB) Target) {
	one := open(t)
	s := suite{open, limits(one), one.Store()}
	each := func(name string, test func(*fixture)) {
		t.Run(name, func(t *testing.T) { s.eachOrder(t, test) })
	}
	each("an_empty_store_has_no_rows", emptyStore)
	each("durable_when_it_says_so", durableWhenItSaysSo)
	each("every_span_reported_once_in_order", everySpanOnce)
	each("spans_without_rows_are_reported", spansWithoutRows)
	each("rewriting_changes_nothing", rewriting)
	each("the_greatest_row_wins_in_any_arrival_order", greatestWins)
	each("ties_are_resolved_by_the_order", ties)
	each("a_raised_epoch_is_newer", raisedEpoch)
	each(s.identityPromise(), identityOnce)
	each("nothing_torn", nothingTorn)
	each("null_and_extreme_values_round_trip", extremes)
	if _, ok := readersOf(one); ok {
		each("readers_see_what_a_scan_sees", readersAgree)
	}
	each("dropped_rows_are_not_written_but_counted", droppedRows)
	each("rows_say_when_they_were_sent_and_to_which_stores", sentWhenAndWhere)
	each("tallies_balance", talliesBalance)
	each("rows_are_left_alone", rowsLeftAlone)
	each("lanes_side_by_side", sideBySide)
	each("close_may_come_while_writing", closeWhileWriting)
	each("a_zombie_changes_nothing", zombie)
	each("progress_goes_with_rows", progressGoesWithRows)
	each("columns_appear_before_their_first_row", columnsAppear)
	each("no_value_stays_in_a_column_that_a_writer_lacks", nothingStaysBehind)
	each("two_writers_give_a_table_columns", twoGrow)
	each("a_column_of_another_type_is_refused", growthRefused)
	t.Run("a_table_of_another_shape_is_refused", s.anotherShape)
	t.Run("what_it_cannot_keep_is_refused", s.refusals)
}

type suite struct {
	open   func(testing.TB) Target
	limits Limits
	store  feature.Store
}

// identityPromise is what a store is unique by, in its own words.
func (s suite) identityPromise() string {
	if s.store == feature.Online {
		return "one_row_a_key"
	}
	return "each_identity_once"
}

// eachOrder runs a test on a fresh store for each order that the store keeps.
func (s suite) eachOrder(t *testing.T, test func(*fixture)) {
	for _, o := range s.limits.Orders {
		t.Run("by_"+o.String(), func(t *testing.T) {
			test(&fixture{T: t, target: s.open(t), order: o})
		})
	}
}

func limits(target Target) Limits {
	l := Limits{}
	if limited, ok := target.(Limited); ok {
		l = limited.Limits()
	}
	if l.Orders == nil {
		l.Orders = []feature.Order{feature.ByLog, feature.ByEventTime}
	}
	if l.CheckRows == nil {
		l.CheckRows = func(feature.Field) bool { return false }
	}
	return l
}
