package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/tandemdata/tandem/sinks/insync"
)

// repaired gives the verdict that is left: of the keys that were repaired, where they were, and
// with what no repair of the online store can mend.
func (o *options) repaired(ctx context.Context, v insync.Verify, stderr io.Writer) (verdict insync.Verdict, err error) {
	audit, err := os.OpenFile(o.audit, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o640)
	if err != nil {
		return verdict, fmt.Errorf("-audit: %w", err)
	}
	defer func() { err = errors.Join(err, audit.Close()) }()
	done, err := insync.Repair{Verify: v, Apply: o.yes, Most: o.most, Audit: audit}.Run(ctx)
	if err != nil {
		return done.Before, err
	}
	what := "would be"
	if o.yes {
		what = "were"
	}
	fmt.Fprintf(stderr, "%v\n%d keys %s written, %d deleted; %d are beyond a repair of the online store; %s has each\n",
		done.Before, done.Put, what, done.Gone, done.Beyond, o.audit)
	if !o.yes || done.After.Keys == 0 {
		return done.Before, nil
	}
	if n := done.After.Found(); n > 0 {
		fmt.Fprintf(stderr, "%d stay as they are: what was written or deleted by hand has the time of a clock, and wins over rows of the log. "+
			"A fresh table doesn't have it\n", n)
	}
	return done.Left(), nil
}
