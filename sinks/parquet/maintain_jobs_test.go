package parquet

import (
	"fmt"
	"testing"
)

// Twenty thousand commits by the rules alone: 1,000 rows each, of which a fifth
// takes the places of others anywhere in the table.
func TestARowIsWrittenFewTimes(t *testing.T) {
	const (
		commits, rows, upserts = 20_000, 1000, 200
		rowBytes               = 50
	)
	set := (&Sink{}).withDefaults()
	p := policy{set: &set}
	d := &debt{files: map[string]bool{}, dead: map[string]int64{}}
	exact := map[string]float64{} // dead rows, in parts of one
	written, made, live, most := int64(0), 0, int64(0), 0.0
	put := func(n int64) {
		made++
		f := stored{uri: fmt.Sprint(made), rows: n, size: n * rowBytes, seq: int64(made)}
		d.data, d.files[f.uri] = append(d.data, f), true
		written += f.size
	}
	for i := range commits {
		share := float64(upserts) / float64(max(live, 1))
		for _, f := range d.data {
			exact[f.uri] += share * (float64(f.rows) - exact[f.uri])
			d.dead[f.uri] = int64(exact[f.uri])
		}
		put(rows)
		live += rows - upserts
		if i%tendEach > 0 {
			continue
		}
		for jobs := 0; ; jobs++ {
			j := p.job(d)
			if j.empty() {
				break
			}
			if jobs > 100 {
				t.Fatalf("commit %d: the work has no end, of %d files", i, len(d.data))
			}
			going, left := map[string]bool{}, int64(0)
			for _, f := range append(j.rewrite, j.drop...) {
				going[f.uri] = true
				left += d.live(f)
			}
			files := int64(1)
			if len(j.rewrite) > 0 {
				files = outputs(&set, j.rewrite, d)
			}
			kept := d.data[:0:0]
			for _, f := range d.data {
				if !going[f.uri] {
					kept = append(kept, f)
				}
			}
			d.data = kept
			for n := evenly(left, files); left > 0; left -= int64(n) {
				put(min(int64(n), left))
			}
		}
		all, dead := int64(0), int64(0)
		for _, f := range d.data {
			all, dead = all+f.rows, dead+d.dead[f.uri]
		}
		if i > 720 {
			most = max(most, float64(dead)/float64(all))
		}
	}
	times := float64(written) / (commits * rows * rowBytes)
	t.Logf("each row is written %.2f times; %.0f%% of the rows are dead at most; %d files", times, most*100, len(d.data))
	if times > 4 || most > 0.3 || len(d.data) > 200 {
		t.Error("that is too many")
	}
}
