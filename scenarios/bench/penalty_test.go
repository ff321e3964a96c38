//go:build linux

package bench

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/sim"
)

// BenchmarkPenalty compares what programs cost as guests with what the same programs cost natively on one processor, in turn. Each does so much
// that starting it does not matter.
func BenchmarkPenalty(b *testing.B) {
	native := filepath.Join(b.TempDir(), "penalty")
	build := exec.Command("go", "build", "-o", native, "./testdata/penalty")
	out, err := build.CombinedOutput()
	require.NoError(b, err, "%s", out)
	program := load(b, fast, "scenarios/bench/testdata/penalty")
	for _, kind := range []struct {
		name  string
		times int
	}{
		{"msgpack", 20_000}, {"channels", 400_000}, {"select", 300_000}, {"garbage", 60}, {"maps", 40}, {"http", 3_000},
	} {
		b.Run(kind.name, func(b *testing.B) {
			arguments := []string{kind.name, strconv.Itoa(kind.times)}
			for b.Loop() {
				var ratios []float64
				for range rounds {
					natively, said := runNatively(b, native, arguments)
					asGuest, repeated := runAsGuest(b, program, arguments)
					require.Equal(b, said, repeated, "it did the same in both places")
					ratios = append(ratios, asGuest.Seconds()/natively.Seconds())
				}
				report(b, "penalty-"+kind.name, ratios)
			}
		})
	}
}

func runNatively(b *testing.B, program string, arguments []string) (time.Duration, string) {
	command := exec.Command(program, arguments...)
	command.Env = append(os.Environ(), "GOMAXPROCS=1")
	out, err := command.Output()
	require.NoError(b, err)
	return command.ProcessState.UserTime() + command.ProcessState.SystemTime(), string(out)
}

func runAsGuest(b *testing.B, program sim.Program, arguments []string) (took time.Duration, said string) {
	took = cost(b, func() {
		world, err := sim.New(sim.Options{Seed: 1, Output: func(line sim.Line) { said += line.Text + "\n" }})
		require.NoError(b, err)
		machine, err := world.Boot("n1", program, arguments...)
		require.NoError(b, err)
		require.NoError(b, world.Run(time.Hour))
		require.Equal(b, sim.Exited, machine.Status())
		require.NoError(b, world.Close())
	})
	return took, said
}
