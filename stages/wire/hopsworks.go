package wire

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/stages/avro"
)

// Hopsworks is a row as Hopsworks' clients write it: a bare Avro body, and
// headers that say the rest. Where a header is repeated the last counts.
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
	// the groups that share its topic are filtered, and not decoded. Default 0:
	// every record is taken.
	FeatureGroup int

	// Subjects are the schemas that wrote rows, by subjectId; 0 stands for every
	// id that isn't listed, and without it those are dead letters. A complex
	// feature may be bytes there, which are read as Decode.Schema has it, or in
	// full. Default: Decode.Schema wrote all rows, whatever their subjectId.
	Subjects map[int]string
}

var (
	_ SchemaSource = Hopsworks{}
	_ Opener       = Hopsworks{}
	_ Multiform    = Hopsworks{}
)

// anySubject is the writer of all that isn't listed: 0 would be Decode.Schema.
const anySubject = math.MaxUint64

// Unpack reads the headers.
func (f Hopsworks) Unpack(rec *feature.Record) (Envelope, error) {
	if f.FeatureGroup != 0 {
		id, err := headerID(rec, "featureGroupId")
		if err != nil {
			return Envelope{}, err
		}
		if id != f.FeatureGroup {
			return Envelope{Outcomes: [2]feature.Outcome{feature.OtherGroup, feature.OtherGroup}}, nil
		}
	}
	if rec.Value == nil {
		return Envelope{}, fmt.Errorf("%w: the value is null, and a Hopsworks record's key is no identity", ErrNoKey)
	}
	e := Envelope{Body: rec.Value}
	for _, read := range []func(*Envelope, *feature.Record) error{f.subject, storage, newer} {
		if err := read(&e, rec); err != nil {
			return e, err
		}
	}
	var err error
	e.Op, err = Operation(rec, "")
	return e, err
}

// subject finds the schema that wrote a row.
func (f Hopsworks) subject(e *Envelope, rec *feature.Record) error {
	if len(f.Subjects) == 0 {
		return nil
	}
	id, err := headerID(rec, "subjectId")
	if err != nil {
		return err
	}
	e.Writer = uint64(id)
	if _, listed := f.Subjects[id]; !listed || id == 0 {
		e.Writer = anySubject
	}
	if _, all := f.Subjects[0]; !all && e.Writer == anySubject {
		return fmt.Errorf("subjectId %d: %w", id, ErrUnknownSchema)
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
	return "", fmt.Errorf("subjectId %d: %w", id, ErrUnknownSchema)
}

// storage reads the header that says which store a row is for.
func storage(e *Envelope, rec *feature.Record) error {
	switch v, ok := LastHeader(rec, "storage"); {
	case !ok, string(v) == "1":
	case string(v) == "online":
		e.Outcomes[feature.Offline] = feature.OnlineOnly
	case string(v) == "offline", string(v) == "0":
		e.Outcomes[feature.Online] = feature.OfflineOnly
	default:
		return fmt.Errorf("header storage: %.20q is neither online nor offline, nor 0 or 1", v)
	}
	return nil
}

// newer knows the header upsertIfNewer, which the order of rows makes needless.
func newer(_ *Envelope, rec *feature.Record) error {
	if v, ok := LastHeader(rec, "upsertIfNewer"); ok && string(v) != "1" && string(v) != "0" {
		return fmt.Errorf("header upsertIfNewer: %.20q is neither 1 nor 0", v)
	}
	return nil
}

// headerID reads a header that is a number.
func headerID(rec *feature.Record, name string) (int, error) {
	v, ok := LastHeader(rec, name)
	if !ok {
		return 0, fmt.Errorf("header %s is missing", name)
	}
	id, err := strconv.ParseUint(string(v), 10, 31)
	if err != nil {
		return 0, fmt.Errorf("header %s: %.20q is not an id", name, v)
	}
	return int(id), nil
}

// Open checks the settings: a schema that is given and doesn't resolve is an
// error of theirs, not of records.
func (f Hopsworks) Open(reader *avro.Schema, _ *avro.Key) (Format, error) {
	var errs []error
	if f.FeatureGroup < 0 {
		errs = append(errs, fmt.Errorf("format Hopsworks: FeatureGroup %d is negative", f.FeatureGroup))
	}
	for _, id := range slices.Sorted(maps.Keys(f.Subjects)) {
		if err := f.checkSubject(id, reader); err != nil {
			errs = append(errs, fmt.Errorf("format Hopsworks: Subjects[%d]: %w", id, err))
		}
	}
	return f, errors.Join(errs...)
}

func (f Hopsworks) checkSubject(id int, reader *avro.Schema) error {
	if id < 0 || id > math.MaxInt32 {
		return errors.New("no subject has this id")
	}
	w, err := avro.ParseWriter(f.Subjects[id])
	if err == nil {
		_, err = reader.Resolve(f.Forms(anySubject, w)...)
	}
	return err
}

// Forms are those of rows with complex features in bytes. Only where no subject
// says how a row was written may null stand last in it.
func (f Hopsworks) Forms(id uint64, w *avro.Writer) []*avro.Writer {
	forms := w.InBytes()
	if id != 0 {
		forms = forms[:1]
	}
	return forms
}
