package engine

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestAClosedGateLeavesNobodyInside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g gate
		for range 3 {
			if !g.enter() {
				t.Fatal("turned away from an open gate")
			}
		}
		g.leave()
		left := 0
		go func() {
			for range 2 {
				time.Sleep(time.Second)
				left++
				g.leave()
			}
		}()
		if err := g.close(time.Minute); err != nil || left != 2 {
			t.Errorf("%d of 2 had left, %v", left, err)
		}
		if g.enter() {
			t.Error("taken in by a closed gate")
		}
	})
}

func TestAGateDoesNotWaitForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g gate
		g.enter()
		if err := g.close(time.Minute); err == nil {
			t.Error("one is inside, and nobody says so")
		}
	})
}
