// Package insync compares both stores: whether the online store and the offline
// one tell the same story, and of each key that differs, how.
//
//	verify.go   the settings, and one run
//	compare.go  the same for two lists of rows, as tests have them
//	judge.go    what a key's two rows mean at a cut
//	read.go     both stores, each read once, onto scratch disk: intake.go, spill.go, entry.go
//	match.go    one part of the keys after the other; winners.go: its newest rows
//	again.go    what can't be decided at one cut is looked at again at a later one: doubts.go, seen.go, lost.go
//	verdict.go  what was found: tallies.go, report.go
//	repair.go   the online store is put right: fixer.go, audit.go
package insync

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"os"
	"runtime"
	"time"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// Verify compares an online table with an offline one, also while graphs write
// to both. The offline table is read as one commit left it, the online one after
// that, and each key is judged by how far both stores were at that commit. So a
// row that only one store has got so far is no difference.
//
// What stores rightly don't share is none either: rows meant for one of them
// alone, and keys whose newest row's life is over.
type Verify struct {
	Schema  *feature.Schema         // required
	Offline pipeline.SnapshotReader // required
	Online  pipeline.KeyReader      // required

	Memory  int64  // bytes that rows take in memory at most, about; default 256 MiB
	Scratch string // the directory of scratch files; default: the system's for temporary files
	Rate    int    // rows a second read of each store at most; default: no bound

	Share float64 // of the keys, picked at random; default 1: all
	Keys  [][]any // only these, each the values of the key's columns; default: all

	// Expect is what becomes of an offline row on the way to the online store,
	// where that branch of the graph has filters or maps of its own; false: it
	// doesn't go there. Default: it goes as it is. It is called from several goroutines.
	Expect func(feature.Stored) (feature.Stored, bool)

	// Ends gives the end of each partition of the log. With it, a key that is
	// absent online is judged once the offline table has all that was in the log then;
	// without it, once it has all that was seen online and Settle has passed.
	Ends   func(context.Context) (map[int32]int64, error)
	Settle time.Duration // how long such a key may stay undecided; default 30s

	Started func(Plan)                           // before the stores are read
	Step    func(what string, done, total int64) // while it runs, from several goroutines; total is 0 where it isn't known
	Found   func(Difference) error               // each fault, once it is certain; an error ends the run

	still bool // both stores have all that was read
}

// Plan is what a verification is going to do.
type Plan struct {
	Snapshot string
	At       time.Time // of the snapshot
	Rows     int64     // of the offline table
	Scratch  int64     // bytes of scratch disk for them, about; keys online take as much as that many rows
	Parts    int       // of the keys, compared one after another
}

// run is a verification under way.
type run struct {
	*Verify
	seed    maphash.Seed
	dir     string
	first   pipeline.Snapshot
	judge   *judge
	offline *spill
	online  *spill
	ends    seen
	keep    map[string]bool // of Keys, encoded; nil: all
	verdict tallies
}

// Run compares the stores. The error is one of the stores', of the scratch disk,
// of Found, or ctx's; then the verdict is of what was compared.
func (v Verify) Run(ctx context.Context) (verdict Verdict, err error) {
	if err := v.check(); err != nil {
		return Verdict{}, err
	}
	r := &run{Verify: &v, seed: maphash.MakeSeed()}
	if r.dir, err = os.MkdirTemp(v.Scratch, "tandem-verify-"); err != nil {
		return Verdict{}, fmt.Errorf("scratch disk: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(r.dir)) }()
	if r.first, err = v.Offline.Snapshot(ctx, v.Schema); err != nil {
		return Verdict{}, fmt.Errorf("offline: %w", err)
	}
	defer func() { err = errors.Join(err, r.first.Close()) }()
	r.judge = newJudge(v.Schema, r.first.Progress())
	r.judge.still = v.still
	r.verdict.Snapshot = r.first.Name()
	err = r.compare(ctx)
	return r.verdict.Verdict, err
}

func (r *run) compare(ctx context.Context) (err error) {
	p := r.plan()
	if r.Started != nil {
		r.Started(p)
	}
	for name, s := range map[string]**spill{"offline": &r.offline, "online": &r.online} {
		if *s, err = newSpill(r.dir, name, r.seed, p.Parts); err != nil {
			return fmt.Errorf("scratch disk: %w", err)
		}
		defer func() { err = errors.Join(err, (*s).close()) }()
	}
	if err := r.readBoth(ctx); err != nil {
		return err
	}
	doubtful, err := newDoubts(r.dir, "doubts")
	if err != nil {
		return fmt.Errorf("scratch disk: %w", err)
	}
	defer func() { err = errors.Join(err, doubtful.close()) }()
	if err := r.match(ctx, doubtful); err != nil {
		return err
	}
	return r.again(ctx, doubtful)
}

func (v *Verify) check() error {
	switch {
	case v.Schema == nil || v.Offline == nil || v.Online == nil:
		return errors.New("verify: Schema, Offline and Online are required")
	case v.Memory < 0 || v.Rate < 0 || v.Settle < 0:
		return errors.New("verify: a setting is negative")
	case v.Share < 0 || v.Share > 1:
		return fmt.Errorf("verify: Share %v: want 0 to 1", v.Share)
	}
	v.Memory = cmp.Or(v.Memory, 256<<20)
	v.Share = cmp.Or(v.Share, 1)
	v.Settle = cmp.Or(v.Settle, 30*time.Second)
	return nil
}

const (
	keyBytes = 24 // of an entry, about
	maxParts = 512
)

// plan has parts of a size that each CPU can hold one of, with its index and
// with as many rows online.
func (r *run) plan() Plan {
	p := Plan{Snapshot: r.first.Name(), At: r.first.At(), Rows: r.first.Rows()}
	rows := int64(float64(p.Rows)*r.Share) + 1
	p.Scratch = rows * (fixed + keyBytes)
	p.Parts = int(min(1+p.Scratch*4*int64(runtime.GOMAXPROCS(0))/r.Memory, maxParts))
	return p
}

func (r *run) step(what string, done, total int64) {
	if r.Step != nil {
		r.Step(what, done, total)
	}
}
