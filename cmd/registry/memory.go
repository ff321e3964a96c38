//go:build !wasip1

package main

import (
	"os"
	"runtime/debug"
)

// garbage is how much of it a node lets lie around, in % of what it holds, unless GOGC says otherwise. What a registry holds, it holds for
// long, and a request leaves little behind: half of Go's usual measure takes a quarter of the memory away and costs a few µs a request.
const garbage = 50

func init() {
	if _, set := os.LookupEnv("GOGC"); !set {
		debug.SetGCPercent(garbage)
	}
}
