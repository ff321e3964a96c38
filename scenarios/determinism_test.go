package scenarios_test

import (
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/model/run"
	"muster/scenarios"
	"muster/scenarios/simulated"
	"muster/sim/trace"
)

// brief is a run in which everything happens that might depend on something else than the seed: an election, a cut with its
// time-outs, a crash, a lying clock, and clients all the while.
func brief() scenarios.Scenario {
	scenario := scenarios.Catalog()[0]
	scenario.Name = "brief"
	scenario.Load.WarmUp, scenario.Load.Stop, scenario.Lasts = 3*time.Second, 14*time.Second, 16*time.Second
	scenario.Plan = scenarios.Plan{
		scenarios.Around(5*time.Second, time.Second, scenarios.Isolate(scenarios.Leader)),
		scenarios.At(8*time.Second, scenarios.Heal()),
		scenarios.At(9*time.Second, scenarios.ClockDrift(scenarios.Any, 5_000)),
		scenarios.At(10*time.Second, scenarios.Crash(scenarios.Follower)),
		scenarios.At(12*time.Second, scenarios.Restart(scenarios.Victims)),
	}
	return scenario
}

// busy keeps all processors at work until the test is over, so that threads are preempted at other moments than in a quiet run.
func busy(t *testing.T) {
	var stop atomic.Bool
	t.Cleanup(func() { stop.Store(true) })
	for range 2 * runtime.GOMAXPROCS(0) {
		go func() {
			for garbage := []byte{}; !stop.Load(); {
				garbage = append(garbage[:0:0], make([]byte, 1<<12)...)
			}
		}()
	}
}

func TestSameSeedSameRun(t *testing.T) {
	first, quiet := play(t, brief(), 7, trace.Full)
	// The second run is made from what the first left, as a replay is, and on a busy host.
	again, err := scenarios.Parse(first.Details)
	require.NoError(t, err)
	busy(t)
	second, loaded := play(t, again, first.Seed, trace.Full)

	difference, err := simulated.FirstDifference(quiet, loaded)
	require.NoError(t, err)
	if difference != nil {
		t.Fatal(difference)
	}
	require.Equal(t, first.TraceHash, second.TraceHash)
	first.Cost, second.Cost = run.Cost{}, run.Cost{}
	require.NotEmpty(t, first.Checksums[run.FullTraceFile])
	delete(first.Checksums, run.FullTraceFile)
	delete(second.Checksums, run.FullTraceFile)
	require.Equal(t, first, second, "run.json is the same but for what the run cost, and how its trace was compressed")
	for _, name := range []string{run.HistoryFile, run.PlanFile, run.ClocksFile, run.LogsFolder + "/n1.jsonl"} {
		require.Equal(t, content(t, quiet, name), content(t, loaded, name), name)
	}
}

func TestOtherSeedOtherRun(t *testing.T) {
	t.Parallel()
	one, oneFolder := play(t, brief(), 1, trace.Normal)
	other, otherFolder := play(t, brief(), 2, trace.Normal)
	require.NotEqual(t, one.TraceHash, other.TraceHash)
	difference, err := simulated.FirstDifference(oneFolder, otherFolder)
	require.NoError(t, err)
	require.NotNil(t, difference)
}

func content(t *testing.T, folder run.Folder, name string) string {
	t.Helper()
	text, err := os.ReadFile(folder.Path(name))
	require.NoError(t, err)
	return string(text)
}
