package main

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/model/run"
	"muster/scenarios"
	"muster/scenarios/simulated"
	"muster/sim/trace"
)

// relatives are runs that begin alike, but for the last two.
func relatives(t *testing.T) []job {
	calm := briefly()
	calm.Name, calm.Plan = "calm", nil
	early := briefly()
	early.Name, early.Plan = "early", scenarios.Plan{scenarios.At(2500*time.Millisecond, scenarios.Kill(scenarios.Node(1)))}
	busier := briefly()
	busier.Name = "busier"
	busier.Load.OperationsPerSecond++
	jobs := []job{{scenario: calm, seed: 1}, {scenario: early, seed: 1}, {scenario: briefly(), seed: 1}, {scenario: busier, seed: 1}, {scenario: calm, seed: 2}}
	for i := range jobs {
		jobs[i].folder = run.Folder(t.TempDir())
	}
	return jobs
}

func TestFamilies(t *testing.T) {
	jobs := relatives(t)
	require.Equal(t, []family{{1, 2, 0}, {3}, {4}}, (&batch{parallel: 1, shared: true}).families(jobs))
	require.Equal(t, []family{{1, 0}, {2}, {3}, {4}}, (&batch{parallel: 3, shared: true}).families(jobs), "no worker is idle for it")
	require.Equal(t, []family{{0}, {1}, {2}, {3}, {4}}, (&batch{parallel: 1}).families(jobs))
}

func TestRelativesRunAsIfAlone(t *testing.T) {
	root, err := scenarios.ModuleRoot(".")
	require.NoError(t, err)
	programs, err := simulated.BuildPrograms(t.Context(), root)
	require.NoError(t, err)
	shared := batch{newStage: simulatedStages(programs, 0), level: trace.Full, parallel: 1, shared: true, progress: newProgress(os.Stderr, 3)}
	alone := shared
	alone.shared = false
	together, apart := relatives(t)[:3], relatives(t)[:3]
	first, second := shared.run(t.Context(), together), alone.run(t.Context(), apart)
	require.Len(t, first, 3)
	for i := range first {
		require.NoError(t, first[i].err)
		require.NoError(t, second[i].err)
		require.NoError(t, sameRun(together[i].folder, apart[i].folder))
		require.Equal(t, second[i].result.Verdicts, first[i].result.Verdicts)
		require.Equal(t, i != 0, first[i].result.Run.Cost.Shared > 0, "the last to be struck is the trunk")
	}
}
