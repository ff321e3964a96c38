package checker

import (
	"strconv"
	"time"
)

// DefaultBounds are the limits for a registry that keeps time as Nacos does. The reasons, recorded on a real Nacos 2.5.1
// cluster of three nodes:
//
//	Converge 20 s          lists were identical 5.6 to 11.2 s after a heal, and complete 6.2 to 14.8 s after a restart
//	Sync 5 s               a change was listed everywhere after at most 2.0 s: 1 s sync delay, 0.1 s ticks, 0.5 s view delay.
//	                       One sync that fails is tried again after 3 s
//	UnhealthyAfter 15 s    the server's own limit; seen 15.1 to 20.6 s after the last answered beat, 16.1 to 21.8 s at others
//	RemovedAfter 30 s      likewise; seen 30.2 to 35.6 s, and 31.2 to 36.7 s at others
//	ExpirySlack 8 s        5 s between two checks, 1.1 s sync, 0.6 s view: at most 6.8 s were seen
//	ProbedDown 10 s        7 s between the first two checks, 5 s later, at most; 0.5 s for the check, 1 s for Raft, 0.5 s view
//	ProbedUp 18 s          three checks 5 s apart at most, and the same
//	MinOperations 100      less says nothing about a cluster
//	Linearize 60 s         typical services take milliseconds; a search that explodes is stopped by its number of steps long
//	                       before (see maximumSteps), so that a slow machine comes to the same verdict as a fast one
func DefaultBounds() Bounds {
	return Bounds{
		Converge:       20 * time.Second,
		Sync:           5 * time.Second,
		UnhealthyAfter: 15 * time.Second,
		RemovedAfter:   30 * time.Second,
		ExpirySlack:    8 * time.Second,
		ProbedDown:     10 * time.Second,
		ProbedUp:       18 * time.Second,
		MinOperations:  100,
		Linearize:      time.Minute,
	}
}

// OrDefaults fills in the default wherever a bound is zero.
func (b Bounds) OrDefaults() Bounds {
	defaults := DefaultBounds()
	orDefault(&b.Converge, defaults.Converge)
	orDefault(&b.Sync, defaults.Sync)
	orDefault(&b.UnhealthyAfter, defaults.UnhealthyAfter)
	orDefault(&b.RemovedAfter, defaults.RemovedAfter)
	orDefault(&b.ExpirySlack, defaults.ExpirySlack)
	orDefault(&b.ProbedDown, defaults.ProbedDown)
	orDefault(&b.ProbedUp, defaults.ProbedUp)
	orDefault(&b.MinOperations, defaults.MinOperations)
	orDefault(&b.Linearize, defaults.Linearize)
	return b
}

func orDefault[T comparable](value *T, otherwise T) {
	var zero T
	if *value == zero {
		*value = otherwise
	}
}

// bound writes a limit for people, with no more digits than it has: "15 s", "2.5 s".
func bound(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + " s" }
