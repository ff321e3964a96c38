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
func relatives(t *testing.T) []scenarios.Job {
	calm := briefly()
	calm.Name, calm.Plan = "calm", nil
	early := briefly()
	early.Name, early.Plan = "early", scenarios.Plan{scenarios.At(2500*time.Millisecond, scenarios.Kill(scenarios.Node(1)))}
	busier := briefly()
	busier.Name = "busier"
	busier.Load.OperationsPerSecond++
	jobs := []scenarios.Job{{Scenario: calm, Seed: 1}, {Scenario: early, Seed: 1}, {Scenario: briefly(), Seed: 1}, {Scenario: busier, Seed: 1}, {Scenario: calm, Seed: 2}}
	for i := range jobs {
		jobs[i].Folder = run.Folder(t.TempDir())
	}
	return jobs
}

func TestFamilies(t *testing.T) {
	jobs := relatives(t)
	require.Equal(t, []scenarios.Family{{1, 2, 0}, {3}, {4}}, (&batch{parallel: 1, shared: true}).families(jobs))
	require.Equal(t, []scenarios.Family{{1, 0}, {2}, {3}, {4}}, (&batch{parallel: 3, shared: true}).families(jobs), "no worker is idle for it")
	require.Equal(t, []scenarios.Family{{0}, {1}, {2}, {3}, {4}}, (&batch{parallel: 1}).families(jobs))
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
		require.NoError(t, sameRun(together[i].Folder, apart[i].Folder))
		require.Equal(t, second[i].result.Verdicts, first[i].result.Verdicts)
		require.Equal(t, i != 0, first[i].result.Run.Cost.Shared > 0, "the last to be struck is the trunk")
	}
}
