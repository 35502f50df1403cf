package observe_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tandemdata/tandem/pipeline/observe"
	"github.com/tandemdata/tandem/pipeline/status"
)

func TestReadyFollowsTheGraph(t *testing.T) {
	s := newScene("clicks", 2)
	want(t, observe.Ready(0, s.g), `graph "clicks" is idle`)
	s.start(t)
	want(t, observe.Ready(0, s.g), "")
	s.send(0, 10)
	s.await(t, "caught up", caughtUp(10))
	want(t, observe.Ready(time.Nanosecond, s.g), "") // nothing waits, however long ago the last row was

	s.store.broken.Store(true)
	s.send(1, 10)
	s.await(t, "stuck", func(g status.Graph) bool { return g.Ready(time.Nanosecond) != nil && g.Nodes[3].Trouble != nil })
	want(t, observe.Ready(0, s.g), "") // it may pass
	want(t, observe.Ready(time.Nanosecond, s.g), `store "online" has taken nothing`)
	want(t, observe.Ready(time.Nanosecond, s.g), "rows of 1 partition wait")
	want(t, observe.Ready(time.Nanosecond, s.g), "connection refused")
	s.store.broken.Store(false)
	s.await(t, "ready again", func(g status.Graph) bool { return g.Ready(time.Nanosecond) == nil })
	want(t, observe.Healthy(s.g), "")
}

func TestAGraphThatFailedIsNotHealthy(t *testing.T) {
	s := unsafeScene("clicks", 1)
	s.sendDead()
	if err := s.g.Run(context.Background()); err == nil {
		t.Fatal("it ran")
	}
	want(t, observe.Healthy(s.g), `graph "clicks" failed: node "decode"`)
	want(t, observe.Ready(0, s.g), `graph "clicks" failed: node "decode"`)
}

func want(t *testing.T, err error, part string) {
	t.Helper()
	switch {
	case err == nil && part != "":
		t.Errorf("nil, want %q", part)
	case err != nil && (part == "" || !strings.Contains(err.Error(), part)):
		t.Errorf("%v, want %q", err, part)
	}
}

func TestProbesAnswerWithTheReason(t *testing.T) {
	s := newScene("clicks", 1)
	ask := func(h http.Handler) (int, string) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		return w.Code, w.Body.String()
	}
	if code, text := ask(observe.ReadyHandler(0, s.g)); code != http.StatusServiceUnavailable || !strings.Contains(text, "clicks") {
		t.Errorf("before Run: %d %q", code, text)
	}
	s.start(t)
	for name, h := range map[string]http.Handler{"health": observe.HealthHandler(s.g), "ready": observe.ReadyHandler(0, s.g)} {
		if code, text := ask(h); code != http.StatusOK || text != "ok\n" {
			t.Errorf("%s: %d %q", name, code, text)
		}
	}
}
