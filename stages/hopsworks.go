package stages

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/hamba/avro/v2"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Hopsworks is a row as Hopsworks' clients write it: a bare Avro body, and
// headers that say the rest. Of a header that is repeated the last counts.
//
//   - featureGroupId: see FeatureGroup.
//   - subjectId names the schema that wrote the row: see Subjects.
//   - operation: delete, else it is an upsert. A delete is a row too, whose
//     columns may be null but for the key.
//   - storage: online or offline, else the row is for both. Of the older values
//     0 is offline, and 1 is both.
//   - upsertIfNewer: 1 asks not to replace a row of a later event time. Order by
//     event time does so for every row, and order by log for none: it has the
//     online store hold what was written last, whatever this header says.
//
// Any other value of these headers makes a dead letter; projectId and
// onlineIngestionId say nothing that matters here. The record's key is never a
// row's identity, as clients build it in several ways, some of them ambiguous:
// so a null value is a dead letter.
//
// A complex feature (an array, a map, a record or a union) stands in the row as
// a union of null and bytes, and the bytes are an Avro body of the feature's own
// type, its null included; a null of either kind is a null. Decode.Schema has
// such features in full. In the row's union null comes first, as in all that
// Hopsworks makes, or where the feature's own union has it; a row that can be
// read both ways, and as different values, is a dead letter.
type Hopsworks struct {
	// FeatureGroup is the id of the one group whose records are taken. Those of
	// the groups that share its topic are filtered, unseen. Default 0: every
	// record is taken.
	FeatureGroup int

	// Subjects are the schemas that wrote rows, by subjectId; 0 stands for every
	// id that isn't listed, and without it those are dead letters. A complex
	// feature may be bytes there, which are read as Decode.Schema has it, or in
	// full. Default: Decode.Schema wrote all rows, whatever their subjectId.
	Subjects map[int]string
}

var _ Writers = Hopsworks{}

// anySubject is the writer of all that isn't listed: 0 would be Decode.Schema.
const anySubject = math.MaxUint64

// Parts reads the headers.
func (f Hopsworks) Parts(rec *feature.Record) (Parts, error) {
	if f.FeatureGroup != 0 {
		id, err := headerID(rec, "featureGroupId")
		if err != nil {
			return Parts{}, err
		}
		if id != f.FeatureGroup {
			return Parts{Outcomes: [2]feature.Outcome{feature.OtherGroup, feature.OtherGroup}}, nil
		}
	}
	if rec.Value == nil {
		return Parts{}, fmt.Errorf("%w: the value is null, and a Hopsworks record's key is no identity", errNoKey)
	}
	p := Parts{Body: rec.Value}
	for _, read := range []func(*Parts, *feature.Record) error{f.subject, storage, newer} {
		if err := read(&p, rec); err != nil {
			return p, err
		}
	}
	return p, p.operation(rec, "")
}

// subject finds the schema that wrote a row.
func (f Hopsworks) subject(p *Parts, rec *feature.Record) error {
	if len(f.Subjects) == 0 {
		return nil
	}
	id, err := headerID(rec, "subjectId")
	if err != nil {
		return err
	}
	p.Writer = uint64(id)
	if _, listed := f.Subjects[id]; !listed || id == 0 {
		p.Writer = anySubject
	}
	if _, all := f.Subjects[0]; !all && p.Writer == anySubject {
		return fmt.Errorf("subjectId %d: %w", id, errWriter)
	}
	return nil
}

// Schema looks a subject up.
func (f Hopsworks) Schema(_ context.Context, id uint64) (string, error) {
	if id == anySubject {
		id = 0
	}
	if s, ok := f.Subjects[int(id)]; ok {
		return s, nil
	}
	return "", fmt.Errorf("subjectId %d: %w", id, errWriter)
}

// storage reads the header that says which store a row is for.
func storage(p *Parts, rec *feature.Record) error {
	switch v, ok := lastHeader(rec, "storage"); {
	case !ok, string(v) == "1":
	case string(v) == "online":
		p.Outcomes[feature.Offline] = feature.OnlineOnly
	case string(v) == "offline", string(v) == "0":
		p.Outcomes[feature.Online] = feature.OfflineOnly
	default:
		return fmt.Errorf("header storage: %.20q is neither online nor offline, nor 0 or 1", v)
	}
	return nil
}

// newer knows the header upsertIfNewer, which the order of rows makes needless.
func newer(_ *Parts, rec *feature.Record) error {
	if v, ok := lastHeader(rec, "upsertIfNewer"); ok && string(v) != "1" && string(v) != "0" {
		return fmt.Errorf("header upsertIfNewer: %.20q is neither 1 nor 0", v)
	}
	return nil
}

// headerID reads a header that is a number.
func headerID(rec *feature.Record, name string) (int, error) {
	v, ok := lastHeader(rec, name)
	if !ok {
		return 0, fmt.Errorf("header %s is missing", name)
	}
	id, err := strconv.ParseUint(string(v), 10, 31)
	if err != nil {
		return 0, fmt.Errorf("header %s: %.20q is not an id", name, v)
	}
	return int(id), nil
}

// open checks the settings: a schema that is given and doesn't resolve is a
// fault of theirs, not of records.
func (f Hopsworks) open(_ string, c *compiled) (Format, error) {
	var errs []error
	if f.FeatureGroup < 0 {
		errs = append(errs, fmt.Errorf("format Hopsworks: FeatureGroup %d is negative", f.FeatureGroup))
	}
	c.wire = &wire{}
	if err := f.wireForms(c); err != nil {
		errs = append(errs, fmt.Errorf("format Hopsworks: %w", err))
	}
	for _, id := range slices.Sorted(maps.Keys(f.Subjects)) {
		if id < 0 || id > math.MaxInt32 {
			errs = append(errs, fmt.Errorf("format Hopsworks: Subjects[%d]: no subject has this id", id))
		} else if _, err := c.resolve(f.Subjects[id]); err != nil {
			errs = append(errs, fmt.Errorf("format Hopsworks: Subjects[%d]: %w", id, err))
		}
	}
	return f, errors.Join(errs...)
}

// wireForms compiles how Decode.Schema's own rows are written. Where a complex
// feature's union has null last, the row's may have it last or first.
func (f Hopsworks) wireForms(c *compiled) (err error) {
	if c.value, err = newResolver(false, c.wire).row(c.reader, c.reader, c.schema.Fields); err != nil {
		return err
	}
	if slices.ContainsFunc(c.reader.Fields(), nullLast) {
		c.second, err = newResolver(false, &wire{asInside: true}).row(c.reader, c.reader, c.schema.Fields)
	}
	return err
}

func nullLast(f *avro.Field) bool { return isComplex(f.Type()) && nullIn(f.Type()) > 0 }
