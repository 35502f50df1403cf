package parquet

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tandemdata/tandem/pipeline/feature"
)

const tableMark = 7

// indexFor is an index of rows whose digests are random, but that every tenth has
// the one before it again, or one of the same high half.
func indexFor(t *testing.T, r *rand.Rand, n int) (*contents, []byte) {
	t.Helper()
	c := &contents{}
	last := digest{}
	for i := range n {
		d := digest{r.Uint64(), r.Uint32()}
		switch i % 10 {
		case 8:
			d = last
		case 9:
			d.hi = last.hi
		}
		v := versionAt(i)
		c.add(d, v.Epoch, v.Partition, v.Offset, v.Delete)
		last = d
	}
	var b bytes.Buffer
	if err := writeIndex(&b, sortedRows(c.rows), c.sources, tableMark); err != nil {
		t.Fatal(err)
	}
	return c, b.Bytes()
}

// versionAt is where the row comes from in the log of the tests' index.
func versionAt(row int) feature.Version {
	return feature.Version{Delete: row%50 == 7, Epoch: int32(row / 70), Partition: int32(row % 3 / 2), Offset: math.MaxInt64>>(row%3*10) - int64(row)}
}

func opened(t *testing.T, b []byte) *fileIndex {
	t.Helper()
	x, err := readIndex(bytes.NewReader(b), int64(len(b)), tableMark)
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
		want := map[digest][]uint32{}
		var asked []probe
		for i := range n {
			x := c.rows.at(i)
			if want[x.digest()] == nil && r.IntN(3) > 0 || n < 10 {
				asked = append(asked, probe{digest: x.digest()})
			}
			want[x.digest()] = append(want[x.digest()], x.row)
		}
		for range 100 {
			asked = append(asked, probe{digest: digest{r.Uint64(), r.Uint32()}})
		}
		slices.SortFunc(asked, func(a, b probe) int { return a.digest.compare(b.digest) })
		asked = slices.CompactFunc(asked, func(a, b probe) bool { return a.digest == b.digest })
		got := map[digest][]uint32{}
		for name, x := range map[string]finder{"in a file": opened(t, b), "made": &madeIndex{sortedRows(c.rows), c.sources}} {
			clear(got)
			if err := x.find(asked, func(p *probe, row uint32, v feature.Version) {
				got[p.digest] = append(got[p.digest], row)
				if v != versionAt(int(row)) {
					t.Errorf("%s: row %d is %+v, want %+v", name, row, v, versionAt(int(row)))
				}
			}); err != nil {
				t.Fatal(err)
			}
			for _, p := range asked {
				if !slices.Equal(got[p.digest], want[p.digest]) {
					t.Fatalf("%s, %d rows: digest %x is in rows %v, want %v", name, n, p.digest, got[p.digest], want[p.digest])
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
	x, err := readIndex(in, int64(len(b)), tableMark)
	if err != nil {
		t.Fatal(err)
	}
	var asked []probe
	for i := range few {
		asked = append(asked, probe{digest: c.rows.at(i * rows / few).digest()})
	}
	slices.SortFunc(asked, func(a, b probe) int { return a.digest.compare(b.digest) })
	in.n = 0
	if err := x.find(asked, func(*probe, uint32, feature.Version) {}); err != nil {
		t.Fatal(err)
	}
	if most := few * 2 * partRows * rowBytes; in.n > most {
		t.Errorf("%d bytes were read for %d rows, want at most %d", in.n, few, most)
	}
}

// What isn't this table's index, or none at all, is told from one that is damaged:
// a file without is read itself, and a damaged one must not be believed.
func TestADamagedIndexIsAnError(t *testing.T) {
	c, b := indexFor(t, rand.New(rand.NewPCG(2, 0)), 3000)
	for _, foreign := range [][]byte{nil, b[:10], bytes.Repeat([]byte("x"), 100)} {
		if x, err := readIndex(bytes.NewReader(foreign), int64(len(foreign)), tableMark); x != nil || err != nil {
			t.Errorf("%d bytes of something else: %v, %v", len(foreign), x, err)
		}
	}
	if x, err := readIndex(bytes.NewReader(b), int64(len(b)), tableMark+1); x != nil || err != nil {
		t.Errorf("another table's: %v, %v", x, err)
	}
	var all []probe
	for i := range 3000 {
		all = append(all, probe{digest: c.rows.at(i).digest()})
	}
	slices.SortFunc(all, func(a, b probe) int { return a.digest.compare(b.digest) })
	for at := range len(b) - trailerSize/2 - 2 { // what is after it makes it another table's, or none
		if at%97 > 0 && at < 3000*rowBytes {
			continue
		}
		bad := slices.Clone(b)
		bad[at] ^= 0x40
		x, err := readIndex(bytes.NewReader(bad), int64(len(bad)), tableMark)
		if err == nil {
			err = x.find(all, func(*probe, uint32, feature.Version) {})
		}
		if !errors.Is(err, errIndex) {
			t.Fatalf("byte %d of %d changed: %v", at, len(b), err)
		}
	}
}

// Digests are in files, and so is how identities are encoded: neither may change
// from one version to the next, for any kind of key.
func TestDigestsStayAsTheyAre(t *testing.T) {
	d := newDigester([16]byte{0: 1, 7: 2, 8: 3, 15: 4})
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
	got, _ := d.of(nil, rows, 0)
	if want := (digest{0x28685486e927545e, 0x41b28aad}); got != want || d.mark() != 0xb2a9c30d5ed229f2 {
		t.Errorf("digest %#x, mark %#x", got, d.mark())
	}
}

// An identity may have any number of rows in a file, and two of them one part.
func TestRowsOfTwoIdentitiesInOnePartAreSortedInTime(t *testing.T) {
	var rows pages[indexed]
	for i := range uint32(400_000) {
		*rows.more() = indexed{hi: 5 << 40, lo: i % 2, row: i}
	}
	last := indexed{}
	for i, x := range sortedRows(rows) { // one after the other this would take a minute
		if i > 0 && (x.lo < last.lo || x.lo == last.lo && x.row <= last.row) {
			t.Fatalf("%+v comes after %+v", x, last)
		}
		last = x
	}
}

// Of rows with one identity the greatest wins, in whichever files of a cut they are.
func TestRowsOfACutAreResolvedAcrossItsFiles(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 200 {
		c, greatest := randomCut(r)
		losers := c.resolveWithin(feature.ByLog)
		kept := 0
		for f, file := range c.files {
			for _, x := range file.sorted {
				if file.entries.at(int(x.row)).lost() {
					continue
				}
				kept++
				if offset := c.version(rowRef{uint32(f), x.row}, x.origin).Offset; offset != greatest[x.digest()] {
					t.Fatalf("file %d row %d at offset %d was kept of %x, want offset %d", f, x.row, offset, x.digest(), greatest[x.digest()])
				}
			}
		}
		if kept != len(greatest) || kept+len(losers) != c.rows {
			t.Fatalf("%d rows kept of %d identities, %d of %d rows lost", kept, len(greatest), len(losers), c.rows)
		}
	}
}

func randomCut(r *rand.Rand) (*cut, map[digest]int64) {
	c := &cut{lanes: []*laneCut{{lane: &feature.Lane{}}}}
	greatest := map[digest]int64{}
	for range r.IntN(6) {
		f := &dataFile{}
		for range r.IntN(40) {
			d := digest{uint64(r.IntN(4)) << 62, uint32(r.IntN(10))}
			offset := r.Int64()
			f.contents.add(d, 0, 0, offset, false)
			*f.entries.more() = entry{}
			greatest[d] = max(greatest[d], offset)
			c.rows++
		}
		f.sorted = sortedRows(f.contents.rows)
		c.files = append(c.files, f)
	}
	return c, greatest
}
