//go:build unix

package sim_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// benchmarkForks measures how many futures of ten simulated seconds a processor plays in a second, and what it takes to begin one.
func benchmarkForks(b *testing.B, every string) {
	past := warmRaft(b, 1, every)
	require.NoError(b, fork(b, past, 1).Close())
	b.ResetTimer()
	before, restoring := cpuTime(), time.Duration(0)
	futures := uint64(0)
	for b.Loop() {
		futures++
		begun := cpuTime()
		w := fork(b, past, futures)
		restoring += cpuTime() - begun
		require.NoError(b, w.Run(10*time.Second))
		require.NoError(b, w.Close())
	}
	cpu := cpuTime() - before
	b.ReportMetric(float64(futures)/cpu.Seconds(), "futures/cpu-s")
	b.ReportMetric(float64(restoring.Microseconds())/1000/float64(futures), "restore-cpu-ms")
}

func BenchmarkForkIdle(b *testing.B) { benchmarkForks(b, "0") }

func BenchmarkForkLoaded(b *testing.B) { benchmarkForks(b, "10ms") }

// BenchmarkRestore forks and closes a world of three members.
func BenchmarkRestore(b *testing.B) {
	past := warmRaft(b, 1, "10ms")
	before := cpuTime()
	b.ResetTimer()
	for b.Loop() {
		require.NoError(b, fork(b, past, 1).Close())
	}
	b.ReportMetric(float64((cpuTime()-before).Microseconds())/1000/float64(b.N), "cpu-ms")
}

func BenchmarkSnapshot(b *testing.B) {
	w := fork(b, warmRaft(b, 1, "10ms"), 1)
	defer w.Close()
	before := cpuTime()
	b.ResetTimer()
	for b.Loop() {
		past, err := w.Snapshot()
		require.NoError(b, err)
		past.Close()
	}
	b.ReportMetric(float64((cpuTime()-before).Microseconds())/1000/float64(b.N), "cpu-ms")
}
