//go:build !wasip1

package main

import (
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestGarbageFor(t *testing.T) {
	for held, want := range map[uint64]int{0: 400, 1 << 20: 400, 4 << 20: 400, 8 << 20: 200, 16 << 20: 100, 32 << 20: 50, 1 << 30: 50, math.MaxUint64: 50} {
		require.Equal(t, want, garbageFor(held), held)
	}
}

// A node that comes to hold much goes over to the smaller measure by itself.
func TestGarbageFollowsWhatIsHeld(t *testing.T) {
	before := debug.SetGCPercent(mostGarbage)
	defer debug.SetGCPercent(before)
	held := make([]byte, 64<<20)
	setGarbage(mostGarbage)
	measure := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	require.Eventually(t, func() bool {
		runtime.GC()
		metrics.Read(measure)
		return measure[0].Value.Uint64() == garbage
	}, 10*time.Second, time.Millisecond)
	runtime.KeepAlive(held)
}
