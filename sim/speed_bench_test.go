//go:build unix

package sim_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/sim"
	"muster/sim/guest"
	"muster/sim/machine"
)

// BenchmarkSpeed runs three raft members, busy and idle, in each way that guests can be built and compiled. Only the ratios count.
func BenchmarkSpeed(b *testing.B) {
	cache, err := machine.DefaultCache()
	require.NoError(b, err)
	for _, way := range []struct {
		name       string
		asCompiled bool
		engine     func(cache string) (*machine.Engine, error)
	}{
		{"none", true, machine.NewCheckedEngine},
		{"restructured", false, machine.NewCheckedEngine},
		{"unchecked", true, machine.NewEngine},
		{"both", false, machine.NewEngine},
	} {
		built, err := guest.Build(context.Background(), guest.Options{Package: "./testdata/raft", Cache: "../build/guests", AsCompiled: way.asCompiled})
		require.NoError(b, err)
		engine, err := way.engine(cache)
		require.NoError(b, err)
		raft, err := sim.LoadWith(context.Background(), engine, built)
		require.NoError(b, err)
		for _, load := range []struct{ name, every string }{{"busy", "10ms"}, {"idle", "0"}} {
			b.Run(load.name+"/"+way.name, func(b *testing.B) {
				l := newLab(b, sim.Options{Seed: 1})
				for _, name := range []string{"n1", "n2", "n3"} {
					l.boot(name, raft, "-name", name, "-members", "n1,n2,n3", "-every", load.every)
				}
				l.run(10 * time.Second)
				before, began := cpuTime(), l.Now()
				for b.Loop() {
					l.run(10 * time.Second)
				}
				b.ReportMetric((l.Now()-began).Seconds()/(cpuTime()-before).Seconds(), "simulated-s/cpu-s")
			})
		}
	}
}
