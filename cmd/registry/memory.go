//go:build !wasip1

package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// How much garbage a node lets lie around, unless GOGC says otherwise. What a registry holds, it holds for long, and a request leaves little
// behind: half of Go's usual measure takes a quarter of the memory away. But a node that holds little would clean up all the time, for an
// eighth of all it does: some garbage is always allowed.
const (
	// garbage is the measure in % of what is held, leastGarbage in bytes.
	garbage, leastGarbage = 50, 16 << 20
	// mostGarbage is the limit in %. Go never begins below 4 MiB times the measure, so this is the same as leastGarbage for a small node.
	mostGarbage = 400
)

func init() {
	if _, set := os.LookupEnv("GOGC"); !set {
		setGarbage(0)
	}
}

// setGarbage sets the measure by what is held, and again after each cleaning; the measure was set to another one before.
func setGarbage(before int) {
	held := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(held)
	percent := garbageFor(held[0].Value.Uint64())
	if percent != before {
		debug.SetGCPercent(percent)
	}
	marker := new([64]byte) // garbage at once; smaller ones go together with others
	runtime.AddCleanup(marker, setGarbage, percent)
}

// garbageFor is the measure for a node that holds so many bytes.
func garbageFor(held uint64) int {
	return int(min(max(leastGarbage*100/max(held, 1), garbage), mostGarbage))
}
