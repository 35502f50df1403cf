package observe

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/tandemdata/tandem/pipeline"
)

// Healthy says why the process had better be started anew, or nil.
func Healthy(graphs ...*pipeline.Graph) error {
	var errs []error
	for _, g := range graphs {
		errs = append(errs, g.Status().Alive())
	}
	return errors.Join(errs...)
}

// Ready says, a line a graph, why they don't do their work, or nil: each runs, has
// a partition, and none of these has waited for a store for longer than patience
// without that any of its rows became durable there. Zero is 30 s.
func Ready(patience time.Duration, graphs ...*pipeline.Graph) error {
	var errs []error
	for _, g := range graphs {
		errs = append(errs, g.Status().Ready(patience))
	}
	return errors.Join(errs...)
}

// HealthHandler answers with Healthy, as /healthz does elsewhere.
func HealthHandler(graphs ...*pipeline.Graph) http.Handler {
	return probe(func() error { return Healthy(graphs...) })
}

// ReadyHandler answers with Ready, as /readyz does elsewhere.
func ReadyHandler(patience time.Duration, graphs ...*pipeline.Graph) http.Handler {
	return probe(func() error { return Ready(patience, graphs...) })
}

// probe answers 200 and "ok", or 503 and why.
func probe(ask func() error) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "text/plain; charset=utf-8")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		err := ask()
		if err == nil {
			_, _ = fmt.Fprintln(w, "ok")
			return
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = fmt.Fprintln(w, err)
	}
}
