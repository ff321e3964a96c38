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

func cluster(b *testing.B, every string) *lab {
	l := newLab(b, sim.Options{Seed: 1})
	raft := load(b, "raft")
	for _, name := range []string{"n1", "n2", "n3"} {
		l.boot(name, raft, "-name", name, "-members", "n1,n2,n3", "-every", every)
	}
	return l
}

func benchmarkRaft(b *testing.B, every string) {
	l := cluster(b, every)
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
		l := cluster(b, "0")
		l.run(0)
		require.NoError(b, l.Close())
	}
}
