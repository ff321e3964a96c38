package simulated_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/checker"
	"muster/model"
	"muster/model/run"
	"muster/scenarios"
	"muster/scenarios/simulated"
)

var guests = sync.OnceValues(func() (*simulated.Programs, error) {
	root, err := scenarios.ModuleRoot(".")
	if err != nil {
		return nil, err
	}
	return simulated.BuildPrograms(context.Background(), root)
})

// short is a run of ten seconds.
func short(plan ...scenarios.Step) scenarios.Scenario {
	return scenarios.Scenario{
		Name: "short", Claim: "It is over soon.", Profiles: []scenarios.Profile{scenarios.Nacos1}, Cluster: scenarios.Nodes(3),
		Load: model.Load{
			EphemeralClients: 2, EphemeralServices: 1, PersistentClients: 2, PersistentServices: 1, OperationsPerSecond: 20, ReadShare: 0.5,
			Timeout: time.Second, BeatInterval: 5 * time.Second, ObserveInterval: time.Second, WarmUp: 2 * time.Second,
		},
		Plan: plan, Lasts: 10 * time.Second, Expect: scenarios.Expect{checker.Durable: checker.Holds},
	}
}

// drive makes a run with seed 1.
func drive(ctx context.Context, t *testing.T, scenario scenarios.Scenario) (run.Folder, error) {
	t.Helper()
	programs, err := guests()
	require.NoError(t, err)
	folder := run.Folder(t.TempDir())
	stage := simulated.New(programs, simulated.Options{})
	_, err = scenarios.Drive(ctx, stage, scenario, 1, folder)
	require.NoError(t, stage.Close())
	require.NoError(t, stage.Close(), "closing twice does no harm")
	return folder, err
}

func TestProgramThatEndsIsNamedWithItsLastWords(t *testing.T) {
	scenario := short()
	scenario.Cluster.Arguments = []string{"--data="}
	folder, err := drive(t.Context(), t, scenario)
	require.ErrorContains(t, err, "the program on n1 ended at 0s though no fault struck it: exit status 2")
	require.ErrorContains(t, err, "registry: --data: empty; want a folder")
	written, readErr := folder.ReadRun()
	require.NoError(t, readErr)
	require.Equal(t, err.Error(), written.Interrupted)
}

func TestInterruptedRunIsWhole(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	folder, err := drive(ctx, t, short())
	require.ErrorIs(t, err, context.Canceled)
	written, err := folder.ReadRun()
	require.NoError(t, err)
	require.NotEmpty(t, written.TraceHash)
	require.NotEmpty(t, written.Guests)
	require.Equal(t, "workload", written.Machines[3].Role)
}

func TestUnknownFaultIsRefused(t *testing.T) {
	programs, err := guests()
	require.NoError(t, err)
	stage := simulated.New(programs, simulated.Options{})
	defer stage.Close()
	_, err = stage.Boot(t.Context(), scenarios.Deployment{
		Cluster: scenarios.Nodes(1), Load: short().Load, Folder: run.Folder(t.TempDir()),
	}, nil)
	require.NoError(t, err)
	_, err = stage.Strike(t.Context(), scenarios.Strike{Kind: "flood", Machines: []string{"n1"}})
	require.ErrorIs(t, err, scenarios.ErrUnsupported)
	_, err = stage.Strike(t.Context(), scenarios.Strike{Kind: run.KindKill, Machines: []string{"n9"}})
	require.ErrorContains(t, err, "there is no machine n9")
}
