package parquet

import (
	"testing"
	"time"
)

func TestAnOutageIsAFewLinesOfLogHoweverLongItLasts(t *testing.T) {
	var o outage
	now := time.Unix(0, 0)
	attempts, lines := 0, 0
	for ; now.Before(time.Unix(600, 0)); now = now.Add(o.pause()) {
		attempts++
		if o.again(now) {
			lines++
		}
	}
	if attempts < 60 || attempts > 80 {
		t.Errorf("%d attempts in ten minutes", attempts)
	}
	if lines < 10 || lines > 21 {
		t.Errorf("%d lines in ten minutes", lines)
	}
	if lasted, ended := o.end(now); !ended || lasted < 10*time.Minute {
		t.Errorf("the outage lasted %v, ended: %v", lasted, ended)
	}
	if _, ended := o.end(now); ended {
		t.Error("an outage ended twice")
	}
	if !o.again(now) || o.pause() != firstRetry {
		t.Errorf("the next outage is not logged at once, or is retried after %v only", o.pause())
	}
}
