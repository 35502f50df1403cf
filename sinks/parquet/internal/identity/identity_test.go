package identity

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/parquet/internal/paged"
)

const tableMark = 7

// indexFor is an index of rows whose digests are random, but that every tenth has
// the one before it again, or one of the same high half.
func indexFor(t *testing.T, r *rand.Rand, n int) (*Builder, []byte) {
	t.Helper()
	b := &Builder{}
	last := Digest{}
	for i := range n {
		d := Digest{r.Uint64(), r.Uint32()}
		switch i % 10 {
		case 8:
			d = last
		case 9:
			d.Hi = last.Hi
		}
		v := versionAt(i)
		b.Add(d, v)
		last = d
	}
	var out bytes.Buffer
	if err := made(b).Write(&out, tableMark); err != nil {
		t.Fatal(err)
	}
	return b, out.Bytes()
}

// versionAt is where the row comes from in the log of the tests' index.
func versionAt(row int) feature.Version {
	return feature.Version{Delete: row%50 == 7, Epoch: int32(row / 70), Partition: int32(row % 3 / 2), Offset: math.MaxInt64>>(row%3*10) - int64(row)}
}

func made(b *Builder) *Index {
	x := b.Index()
	return &x
}

func opened(t *testing.T, b []byte) *Reader {
	t.Helper()
	x, err := Open(bytes.NewReader(b), int64(len(b)), tableMark)
	if err != nil || x == nil {
		t.Fatalf("index %v: %v", x, err)
	}
	return x
}

func TestAnIndexFindsWhatIsInItAndNothingElse(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for _, n := range []int{0, 1, 2, 100, 127, 128, 129, 5000, 40_000} {
		c, b := indexFor(t, r, n)
		want := map[Digest][]uint32{}
		var asked []Probe
		for i := range n {
			x := c.rows.At(i)
			if want[x.Digest()] == nil && r.IntN(3) > 0 || n < 10 {
				asked = append(asked, Probe{Digest: x.Digest()})
			}
			want[x.Digest()] = append(want[x.Digest()], x.Row)
		}
		for range 100 {
			asked = append(asked, Probe{Digest: Digest{r.Uint64(), r.Uint32()}})
		}
		slices.SortFunc(asked, func(a, b Probe) int { return a.Compare(b.Digest) })
		asked = slices.CompactFunc(asked, func(a, b Probe) bool { return a.Digest == b.Digest })
		got := map[Digest][]uint32{}
		for name, x := range map[string]interface {
			Find([]Probe, func(*Probe, uint32, feature.Version)) error
		}{"in a file": opened(t, b), "made": made(c)} {
			clear(got)
			if err := x.Find(asked, func(p *Probe, row uint32, v feature.Version) {
				got[p.Digest] = append(got[p.Digest], row)
				if v != versionAt(int(row)) {
					t.Errorf("%s: row %d is %+v, want %+v", name, row, v, versionAt(int(row)))
				}
			}); err != nil {
				t.Fatal(err)
			}
			for _, p := range asked {
				if !slices.Equal(got[p.Digest], want[p.Digest]) {
					t.Fatalf("%s, %d rows: digest %x is in rows %v, want %v", name, n, p.Digest, got[p.Digest], want[p.Digest])
				}
			}
		}
	}
}

// counted counts the bytes that are read.
type counted struct {
	*bytes.Reader
	n int
}

func (c *counted) ReadAt(b []byte, at int64) (int, error) {
	c.n += len(b)
	return c.Reader.ReadAt(b, at)
}

func TestFewRowsAreFoundByReadingLittle(t *testing.T) {
	const rows, few = 200_000, 50
	c, b := indexFor(t, rand.New(rand.NewPCG(3, 0)), rows)
	in := &counted{Reader: bytes.NewReader(b)}
	x, err := Open(in, int64(len(b)), tableMark)
	if err != nil {
		t.Fatal(err)
	}
	var asked []Probe
	for i := range few {
		asked = append(asked, Probe{Digest: c.rows.At(i * rows / few).Digest()})
	}
	slices.SortFunc(asked, func(a, b Probe) int { return a.Compare(b.Digest) })
	in.n = 0
	if err := x.Find(asked, func(*Probe, uint32, feature.Version) {}); err != nil {
		t.Fatal(err)
	}
	if most := few * 2 * partRows * RowBytes; in.n > most {
		t.Errorf("%d bytes were read for %d rows, want at most %d", in.n, few, most)
	}
}

// What isn't this table's index, or none at all, is not taken for a damaged one:
// a file without is read itself, and a damaged one must not be believed.
func TestADamagedIndexIsAnError(t *testing.T) {
	c, b := indexFor(t, rand.New(rand.NewPCG(2, 0)), 3000)
	for _, foreign := range [][]byte{nil, b[:10], bytes.Repeat([]byte("x"), 100)} {
		if x, err := Open(bytes.NewReader(foreign), int64(len(foreign)), tableMark); x != nil || err != nil {
			t.Errorf("%d bytes of something else: %v, %v", len(foreign), x, err)
		}
	}
	if x, err := Open(bytes.NewReader(b), int64(len(b)), tableMark+1); x != nil || err != nil {
		t.Errorf("another table's: %v, %v", x, err)
	}
	var all []Probe
	for i := range 3000 {
		all = append(all, Probe{Digest: c.rows.At(i).Digest()})
	}
	slices.SortFunc(all, func(a, b Probe) int { return a.Compare(b.Digest) })
	for at := range len(b) - trailerSize/2 - 2 { // what is after it makes it another table's, or none
		if at%97 > 0 && at < 3000*RowBytes {
			continue
		}
		bad := slices.Clone(b)
		bad[at] ^= 0x40
		x, err := Open(bytes.NewReader(bad), int64(len(bad)), tableMark)
		if err == nil {
			err = x.Find(all, func(*Probe, uint32, feature.Version) {})
		}
		if !errors.Is(err, ErrDamaged) {
			t.Fatalf("byte %d of %d changed: %v", at, len(b), err)
		}
	}
}

// Digests are in files, and so is how identities are encoded: neither may change
// from one version to the next, for any kind of key.
func TestDigestsStayAsTheyAre(t *testing.T) {
	d := NewDigester([16]byte{0: 1, 7: 2, 8: 3, 15: 4})
	keys := []feature.Field{
		{Name: "a", Kind: feature.Bool},
		{Name: "b", Kind: feature.Int32},
		{Name: "c", Kind: feature.Int64},
		{Name: "d", Kind: feature.String},
		{Name: "e", Kind: feature.Bytes},
		{Name: "f", Kind: feature.Bytes, Logical: feature.UUID, Size: 16},
	}
	values := []any{true, int32(-7), int64(1 << 40), "entity-1", []byte{0, 1}, []byte("0123456789abcdef")}
	group := feature.Group{Name: "kinds", EventTime: "at"}
	for _, k := range keys {
		group.PrimaryKey = append(group.PrimaryKey, k.Name)
	}
	schema, err := feature.NewSchema(group, append(keys, feature.Field{Name: "at", Kind: feature.Int64, Logical: feature.TimestampMillis}))
	if err != nil {
		t.Fatal(err)
	}
	rows := feature.NewRows(schema, feature.TopicPartition{})
	for i, v := range append(values, int64(1_700_000_000_000)) {
		if err := rows.Columns[i].Append(v); err != nil {
			t.Fatal(err)
		}
	}
	rows.Add(feature.Record{}, feature.Upsert)
	rows.Seal()
	got, _ := d.Of(nil, rows, 0)
	if want := (Digest{0x28685486e927545e, 0x41b28aad}); got != want || d.Mark() != 0xb2a9c30d5ed229f2 {
		t.Errorf("digest %#x, mark %#x", got, d.Mark())
	}
}

// So is how the rest of an index lies in a file.
func TestIndexesStayAsTheyAre(t *testing.T) {
	for n, want := range map[int]string{
		0:      "f5482f6c06f1becf98e78a09315495a3378b58ba266ce262531c6638c65c2cb4",
		1:      "36651f2a46a4db8a93705ffc1e6867840990bb6ff82df15f4997a1701469ce5b",
		40_000: "ed80f57feeb10acea9b148a1a5fa3cdbacdba7c7590eed665c74e3ffd4b4d2f2",
	} {
		_, b := indexFor(t, rand.New(rand.NewPCG(11, 0)), n)
		if got := fmt.Sprintf("%x", sha256.Sum256(b)); got != want {
			t.Errorf("an index of %d rows has SHA-256 %s, want %s", n, got, want)
		}
	}
}

// An identity may have any number of rows in a file, and two of them one part.
func TestRowsOfTwoIdentitiesInOnePartAreSortedInTime(t *testing.T) {
	var rows paged.List[Row]
	for i := range uint32(400_000) {
		*rows.Add() = Row{hi: 5 << 40, lo: i % 2, Row: i}
	}
	last := Row{}
	for i, x := range sortedRows(rows) { // one after the other this would take a minute
		if i > 0 && (x.lo < last.lo || x.lo == last.lo && x.Row <= last.Row) {
			t.Fatalf("%+v comes after %+v", x, last)
		}
		last = x
	}
}
