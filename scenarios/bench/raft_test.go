//go:build linux

package bench

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/sim"
)

// raftMembers boots three members of hashicorp/raft, which keep their logs in memory and talk by TCP, and lets them elect a leader. Each tries
// to add one to a counter so often; who leads succeeds.
func raftMembers(b *testing.B, w way, every string) *sim.World {
	program := load(b, w, "sim/testdata/raft")
	world, err := sim.New(sim.Options{Seed: 1})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, world.Close()) })
	for _, name := range []string{"n1", "n2", "n3"} {
		_, err := world.Boot(name, program, "-name", name, "-members", "n1,n2,n3", "-every", every, "-volatile")
		require.NoError(b, err)
	}
	require.NoError(b, world.Run(10*time.Second))
	return world
}

// rounds is how often what is compared is measured, in turn.
const rounds = 5

// inTurn measures simulated seconds per processor second of two worlds, so many simulated seconds a round each.
func inTurn(b *testing.B, fast, slow *sim.World, d time.Duration) (fastly, slowly []float64) {
	for range rounds {
		for _, each := range []struct {
			world *sim.World
			into  *[]float64
		}{{fast, &fastly}, {slow, &slowly}} {
			took := cost(b, func() { require.NoError(b, each.world.Run(d)) })
			*each.into = append(*each.into, d.Seconds()/took.Seconds())
		}
	}
	require.Equal(b, slow.TraceHash(), fast.TraceHash(), "both worlds did the same")
	return fastly, slowly
}

func BenchmarkRaft100(b *testing.B) {
	for b.Loop() {
		fastly, slowly := inTurn(b, raftMembers(b, fast, "10ms"), raftMembers(b, allOff, "10ms"), 10*time.Second)
		report(b, "raft100", fastly, slowly...)
	}
}

func BenchmarkRaftIdle(b *testing.B) {
	for b.Loop() {
		fastly, slowly := inTurn(b, raftMembers(b, fast, "0"), raftMembers(b, allOff, "0"), 40*time.Second)
		report(b, "raft-idle", fastly, slowly...)
	}
}

// warmRaft is three members as they stand after half a minute.
func warmRaft(b *testing.B, every string) *sim.Snapshot {
	world := raftMembers(b, fast, every)
	require.NoError(b, world.Run(20*time.Second))
	past, err := world.Snapshot()
	require.NoError(b, err)
	b.Cleanup(past.Close)
	return past
}

// benchmarkForks measures how many futures of ten simulated seconds a processor plays in a second, each of another seed.
func benchmarkForks(b *testing.B, name, every string, futures uint64) {
	for b.Loop() {
		past := warmRaft(b, every)
		var rates []float64
		for round := range uint64(rounds) {
			took := cost(b, func() {
				for future := range futures {
					world, err := past.Fork(2 + round*futures + future)
					require.NoError(b, err)
					require.NoError(b, world.Run(10*time.Second))
					require.NoError(b, world.Close())
				}
			})
			rates = append(rates, float64(futures)/took.Seconds())
		}
		report(b, name, rates)
	}
}

func BenchmarkForkLoaded(b *testing.B) { benchmarkForks(b, "fork-loaded", "10ms", 4) }

func BenchmarkForkIdle(b *testing.B) { benchmarkForks(b, "fork-idle", "0", 20) }

func BenchmarkRestore(b *testing.B) {
	const restores = 50
	for b.Loop() {
		past := warmRaft(b, "10ms")
		var costs []float64
		for range rounds {
			took := cost(b, func() {
				for range restores {
					world, err := past.Fork(1)
					require.NoError(b, err)
					require.NoError(b, world.Close())
				}
			})
			costs = append(costs, took.Seconds()*1000/restores)
		}
		report(b, "restore", costs)
	}
}
