//go:build unix

package sim_test

import (
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/sim"
)

func cpuTime() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func benchmarkRaft(b *testing.B, every string) {
	l := newLab(b, sim.Options{Seed: 1})
	bootRaft(l, every)
	l.run(10 * time.Second)
	runtime.GC()
	b.ResetTimer()
	before := cpuTime()
	for b.Loop() {
		l.run(time.Second)
	}
	cpu := cpuTime() - before
	b.ReportMetric(float64(b.N)/cpu.Seconds(), "simulated-s/cpu-s")
}

func BenchmarkIdle(b *testing.B) { benchmarkRaft(b, "0") }

func BenchmarkLoaded(b *testing.B) { benchmarkRaft(b, "10ms") }

func BenchmarkBoot(b *testing.B) {
	load(b, "raft")
	for b.Loop() {
		l := newLab(b, sim.Options{Seed: 1})
		bootRaft(l, "0")
		l.run(0)
		require.NoError(b, l.Close())
	}
}
