package failure

import (
	"errors"
	"fmt"
	"testing"
)

func TestTheGravestMemberOfAJoinDecides(t *testing.T) {
	cause := errors.New("cause")
	transient, restart := Mark(cause, Transient), Mark(cause, Restart)
	for _, c := range []struct {
		name string
		err  error
		want Class
	}{
		{"nil", nil, None},
		{"unmarked", cause, Fatal},
		{"transient", transient, Transient},
		{"restart", restart, Restart},
		{"wrapped", fmt.Errorf("around: %w", transient), Transient},
		{"fatal and transient", errors.Join(cause, transient), Fatal},
		{"transient and fatal, one around", fmt.Errorf("a: %w", errors.Join(transient, cause)), Fatal},
		{"two verbs", fmt.Errorf("%w, then %w", transient, restart), Restart},
		{"restart and transient", errors.Join(transient, restart), Restart},
		{"all transient", errors.Join(transient, transient), Transient},
		{"marked outside", Mark(errors.Join(cause, transient), Transient), Transient},
		{"marked again", Mark(restart, Transient), Transient},
	} {
		if got := Of(c.err); got != c.want {
			t.Errorf("%s: class %d, want %d", c.name, got, c.want)
		}
	}
}

func TestAMarkOfNothingIsNothing(t *testing.T) {
	if Mark(nil, Transient) != nil || Mark(nil, Restart) != nil {
		t.Error("a nil error became one")
	}
}

func TestAMarkKeepsItsCause(t *testing.T) {
	cause := errors.New("cause")
	if err := Mark(cause, Restart); !errors.Is(err, cause) || err.Error() != "cause" {
		t.Errorf("got %v", err)
	}
}
