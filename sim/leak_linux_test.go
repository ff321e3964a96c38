package sim_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/sim"
)

// inMemory counts the files in memory that the process has open, and those that it has mapped.
func inMemory(t *testing.T) (open, mapped int) {
	links, err := filepath.Glob("/proc/self/fd/*")
	require.NoError(t, err)
	for _, link := range links {
		if name, err := os.Readlink(link); err == nil && strings.Contains(name, "/memfd:machine") {
			open++
		}
	}
	maps, err := os.ReadFile("/proc/self/maps")
	require.NoError(t, err)
	return open, strings.Count(string(maps), "/memfd:machine")
}

func TestForksLeaveNothingBehind(t *testing.T) {
	tick := load(t, "probe")
	openBefore, mappedBefore := inMemory(t)
	w, err := sim.New(sim.Options{Seed: 1})
	require.NoError(t, err)
	for _, name := range []string{"n1", "n2"} {
		_, err := w.Boot(name, tick, "tick")
		require.NoError(t, err)
	}
	for range 20 {
		require.NoError(t, w.Run(time.Second))
		past, err := w.Snapshot()
		require.NoError(t, err)
		open, _ := inMemory(t)
		require.LessOrEqual(t, open, openBefore+4, "of each machine what the snapshot has, and what it differs from")
		for seed := range uint64(5) {
			f := fork(t, past, seed)
			require.NoError(t, f.Run(time.Second))
			require.NoError(t, f.Machine("n1").Crash())
			require.NoError(t, f.Close())
		}
		survivor := fork(t, past, 1)
		past.Close()
		require.NoError(t, survivor.Run(time.Second))
		require.NoError(t, survivor.Close())
	}
	require.NoError(t, w.Close())
	open, mapped := inMemory(t)
	// There may be fewer: the collector closes what tests before this one dropped.
	require.LessOrEqual(t, open, openBefore)
	require.LessOrEqual(t, mapped, mappedBefore)
}
