package status

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Stuck is the patience of Ready where none is given.
const Stuck = 30 * time.Second

// Alive says why the process had better be started anew, or nil.
func (g Graph) Alive() error {
	if g.Phase == Failed {
		return fmt.Errorf("graph %q failed: %s", g.Name, g.Error)
	}
	return nil
}

// Ready says why the graph does not do its work, or nil: it runs, a partition is
// assigned, and of no lane rows have waited for longer than patience without that
// any became durable in a store. Zero is Stuck. A sink that commits rarely needs
// more patience than the time between two commits.
func (g Graph) Ready(patience time.Duration) error {
	if patience <= 0 {
		patience = Stuck
	}
	switch {
	case g.Phase == Reopening:
		return fmt.Errorf("graph %q reopens its lanes: %s", g.Name, g.Error)
	case g.Phase == Failed:
		return g.Alive()
	case g.Phase != Running:
		return fmt.Errorf("graph %q is %s", g.Name, g.Phase)
	case len(g.Lanes) == 0:
		return fmt.Errorf("graph %q has no partition: none is assigned to it%s", g.Name, g.because(""))
	}
	return g.stuck(patience)
}

func (g Graph) stuck(patience time.Duration) error {
	var stuck []string
	for _, n := range g.Nodes {
		lanes, still := 0, time.Duration(0)
		for _, l := range g.Lanes {
			for _, s := range l.Sinks {
				if s.Sink == n.Name && s.Still > patience {
					lanes, still = lanes+1, max(still, s.Still)
				}
			}
		}
		if lanes > 0 {
			stuck = append(stuck, fmt.Sprintf("store %q has taken nothing for %s, and rows of %s wait%s",
				n.Name, still.Round(time.Second), partitions(lanes), g.because(n.Name)))
		}
	}
	if stuck == nil {
		return nil
	}
	return fmt.Errorf("graph %q: %s", g.Name, strings.Join(stuck, "; "))
}

func partitions(n int) string {
	if n == 1 {
		return "1 partition"
	}
	return fmt.Sprintf("%d partitions", n)
}

// because is what a node waits for or, where it doesn't say, what another one
// does that may be the reason.
func (g Graph) because(node string) string {
	said := slices.IndexFunc(g.Nodes, func(n Node) bool { return n.Name == node && n.Trouble != nil })
	if said < 0 {
		said = slices.IndexFunc(g.Nodes, func(n Node) bool { return n.Trouble != nil && n.Kind != "sink" })
	}
	if said < 0 {
		return ""
	}
	return ": " + g.Nodes[said].Trouble.Cause
}
