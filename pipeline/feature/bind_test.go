package feature_test

import (
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tandemdata/tandem/pipeline/feature"
)

type stop struct {
	Name  string    `feature:"name"`
	At    time.Time `feature:"at"`
	Price *big.Rat  `feature:"price"`
	ID    [16]byte  `feature:"id"`
}

// trip has a column of each type that holds others.
type trip struct {
	ID    [16]byte            `feature:"id"`
	Hash  *[4]byte            `feature:"hash"`
	Raw   []byte              `feature:"raw"`
	Fare  big.Rat             `feature:"fare"`
	First stop                `feature:"first"`
	Last  *stop               `feature:"last"`
	Stops []stop              `feature:"stops"`
	Named map[string]*stop    `feature:"named"`
	Grid  [][]*int32          `feature:"grid"`
	Tags  *map[string][]int64 `feature:"tags"`
}

func uuidField(name string) feature.Field {
	return feature.Field{Name: name, Kind: feature.Bytes, Logical: feature.UUID, Size: 16}
}

func optional(f feature.Field) feature.Field {
	f.Nullable = true
	return f
}

func trips(t *testing.T) *feature.Schema {
	t.Helper()
	number := func(name string, k feature.Kind) feature.Field { return feature.Field{Name: name, Kind: k} }
	price := optional(feature.Field{Name: "price", Kind: feature.Bytes, Logical: feature.Decimal, Precision: 6, Scale: 2})
	fare := feature.Field{Name: "fare", Kind: feature.Bytes, Logical: feature.Decimal, Precision: 38, Scale: 4}
	at := feature.Field{Name: "at", Kind: feature.Int64, Logical: feature.TimestampMillis}
	place := func(name string) feature.Field {
		return feature.StructOf(name, number("name", feature.String), at, price, uuidField("id"))
	}
	return mustSchema(t, feature.Group{Name: "trips", PrimaryKey: []string{"id"}},
		uuidField("id"), optional(feature.Field{Name: "hash", Kind: feature.Bytes, Size: 4}), number("raw", feature.Bytes), fare,
		place("first"), optional(place("last")), feature.ListOf("stops", place("")), feature.MapOf("named", optional(place(""))),
		feature.ListOf("grid", feature.ListOf("", optional(number("", feature.Int32)))),
		optional(feature.MapOf("tags", feature.ListOf("", number("", feature.Int64)))))
}

func TestAStructInStructsListsAndMapsBinds(t *testing.T) {
	s := trips(t)
	b, err := feature.Bind(reflect.TypeFor[trip](), s)
	if err != nil {
		t.Fatal(err)
	}
	fields, err := feature.Fields(reflect.TypeFor[trip](), s)
	if err != nil || !reflect.DeepEqual(fields, s.Fields) {
		t.Errorf("its columns are %v (%v)", fields, err)
	}
	one, two := stop{"a", time.UnixMilli(-1).UTC(), big.NewRat(-1, 100), [16]byte{1, 15: 2}}, stop{At: time.UnixMilli(0).UTC()}
	n := int32(7)
	full := trip{
		[16]byte{9},
		&[4]byte{1, 2, 3, 4},
		[]byte{0xff},
		*big.NewRat(1, 16), one, &two,
		[]stop{one, two, one},
		map[string]*stop{"": nil, "b": &one, "a": &two},
		[][]*int32{{}, {&n, nil}},
		&map[string][]int64{"x": {1}, "y": {}},
	}
	empty := trip{Raw: []byte{}, First: two, Stops: []stop{}, Named: map[string]*stop{}, Grid: [][]*int32{}}
	r := feature.NewRows(s, feature.TopicPartition{})
	want := []trip{full, empty, full}
	for _, row := range want {
		if err := b.Append(r, row); err != nil {
			t.Fatal(err)
		}
		r.Add(feature.Record{}, feature.Upsert)
	}
	for i := range want {
		var got trip
		b.Read(r, i, &got)
		if got.Fare.Cmp(&want[i].Fare) != 0 {
			t.Errorf("fare %v, want %v", &got.Fare, &want[i].Fare)
		}
		got.Fare = want[i].Fare
		if !reflect.DeepEqual(got, want[i]) {
			t.Errorf("row %d: %+v, want %+v", i, got, want[i])
		}
	}
	if got := r.Row(0).Value("tags"); !same(got, map[string]any{"x": []any{int64(1)}, "y": []any{}}) {
		t.Errorf("tags: %v", got)
	}
}

func TestAStructMayLeaveOutFieldsOfARecord(t *testing.T) {
	type name struct {
		Name string `feature:"name"`
	}
	type row struct {
		ID    [16]byte `feature:"id"`
		Stops []name   `feature:"stops"`
	}
	got, err := feature.Fields(reflect.TypeFor[row](), trips(t))
	want := []feature.Field{uuidField("id"), feature.ListOf("stops", feature.StructOf("", feature.Field{Name: "name", Kind: feature.String}))}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v (%v), want %v", got, err, want)
	}
}

func TestAValueThatItsColumnCannotHoldIsTakenBack(t *testing.T) {
	s := trips(t)
	b, err := feature.Bind(reflect.TypeFor[trip](), s)
	if err != nil {
		t.Fatal(err)
	}
	r := feature.NewRows(s, feature.TopicPartition{})
	for _, bad := range []trip{
		{Fare: *big.NewRat(1, 3)},
		{First: stop{Price: big.NewRat(1, 1000)}},
		{Stops: []stop{{}, {Price: big.NewRat(10000, 1)}}},
		{Named: map[string]*stop{"a": {}, "b": {Price: big.NewRat(-10000, 1)}}},
	} {
		err := b.Append(r, bad)
		if err == nil || !strings.Contains(err.Error(), "bytes/decimal(") {
			t.Errorf("%+v: %v", bad, err)
		}
		r.AddPlaceholder(feature.Record{}, feature.Dead)
		if err := b.Append(r, trip{ID: [16]byte{byte(r.Len())}, Stops: []stop{{Name: "ok"}}}); err != nil {
			t.Fatal(err)
		}
		r.Add(feature.Record{}, feature.Upsert)
	}
	for i := 1; i < r.Len(); i += 2 {
		var got trip
		b.Read(r, i, &got)
		if got.ID != [16]byte{byte(i)} || len(got.Stops) != 1 || got.Stops[0].Name != "ok" || len(got.Named) != 0 {
			t.Errorf("row %d is %+v", i, got)
		}
	}
}

func TestATypeThatDoesNotBindSaysWhy(t *testing.T) {
	type inner struct {
		Missing string `feature:"missing"`
	}
	for _, c := range []struct {
		row  any
		says string
	}{
		{struct {
			ID [15]byte `feature:"id"`
		}{}, "column id bytes/uuid can't be held by [15]uint8"},
		{struct {
			Hash [4]byte `feature:"hash"`
		}{}, "column hash bytes(4)? is nullable"},
		{struct {
			Raw [4]byte `feature:"raw"`
		}{}, "column raw bytes can't be held by [4]uint8"},
		{struct {
			Fare float64 `feature:"fare"`
		}{}, "column fare bytes/decimal(38,4) can't be held by float64"},
		{struct {
			Fare []byte `feature:"fare"`
		}{}, "can't be held by []uint8"},
		{struct {
			Raw big.Rat `feature:"raw"`
		}{}, "column raw bytes can't be held by big.Rat"},
		{struct {
			First inner `feature:"first"`
		}{}, `no column "missing" in the schema (name, at, price, id)`},
		{struct {
			Stops []inner `feature:"stops"`
		}{}, `no column "missing"`},
		{struct {
			Stops map[string]stop `feature:"stops"`
		}{}, "can't be held by map[string]feature_test.stop"},
		{struct {
			Named map[string]stop `feature:"named"`
		}{}, "is nullable: its field must be a pointer, not feature_test.stop"},
		{struct {
			Named map[int]*stop `feature:"named"`
		}{}, "can't be held by map[int]*feature_test.stop"},
		{struct {
			Grid [][]int32 `feature:"grid"`
		}{}, "is nullable"},
		{struct {
			First time.Time `feature:"first"`
		}{}, "can't be held by time.Time"},
		{struct {
			Last *big.Rat `feature:"last"`
		}{}, "can't be held by big.Rat"},
	} {
		_, err := feature.Bind(reflect.TypeOf(c.row), trips(t))
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%T: want %q, got %v", c.row, c.says, err)
		}
	}
}

func TestATypeThatIsNoColumnSaysWhy(t *testing.T) {
	for _, c := range []struct {
		row  any
		says string
	}{
		{struct{ A big.Rat }{}, "how many digits"},
		{struct{ A []big.Rat }{}, "how many digits"},
		{struct{ A chan int }{}, "chan int can't be a column"},
		{struct{ A map[int]string }{}, "map[int]string can't be a column"},
		{struct{ A struct{ B uint } }{}, "uint can't be a column"},
		{struct{ A map[string][]uint16 }{}, "uint16 can't be a column"},
	} {
		if got, err := feature.Fields(reflect.TypeOf(c.row), &feature.Schema{}); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%T: want %q, got %v (%v)", c.row, c.says, err, got)
		}
	}
}
