package simulated_test

import (
	"context"
	"strings"
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

func TestEveryFaultBites(t *testing.T) {
	at := func(seconds float64, fault scenarios.Fault) scenarios.Step {
		return scenarios.At(time.Duration(seconds*float64(time.Second)), fault)
	}
	one, two, three := scenarios.Node(1), scenarios.Node(2), scenarios.Node(3)
	folder, err := drive(t.Context(), t, short(
		at(2.5, scenarios.SlowLink(one, two, 50*time.Millisecond)),
		at(3, scenarios.Cut(scenarios.Clients, one)),
		at(3.5, scenarios.Isolate(three)),
		at(4, scenarios.Partition(scenarios.Side(one), scenarios.Side(two, scenarios.Clients))),
		at(4.5, scenarios.Heal()),
		at(5, scenarios.ClockOffset(one, 3*time.Second)),
		at(5, scenarios.ClockJump(two, -2*time.Second)),
		at(5, scenarios.ClockDrift(three, 100_000)),
		at(5.5, scenarios.Pause(one)),
		at(6.5, scenarios.Resume(scenarios.Victims)),
		at(6.6, scenarios.ClockReset(scenarios.Victims)),
		at(7, scenarios.Kill(two)),
		at(7.5, scenarios.Crash(three)),
		at(8, scenarios.Restart(scenarios.Victims)),
	))
	require.NoError(t, err)
	plan, err := folder.ReadPlan()
	require.NoError(t, err)
	var told []string
	for _, strike := range plan.Strikes {
		require.Emptyf(t, strike.Skipped, strike.Text)
		require.Truef(t, strike.Bit, "%s: %s", strike.Text, strike.Evidence)
		if !strike.Ends() {
			require.NotZerof(t, strike.Until, "%s was undone", strike.Text)
			told = append(told, strike.Kind+": "+strings.TrimLeft(strike.Evidence, "0123456789"))
		}
	}
	require.Equal(t, []string{
		"slow-link:  packets sent over slow links", "cut:  packets dropped", "isolate:  packets dropped", "partition:  packets dropped",
		"clock-offset: the clock of n1 was off by 3s", "clock-jump: the clock of n2 was off by -2s", "clock-drift: the clock of n3 was off by 160ms",
		"pause:  of 1 programs were running", "kill:  of 1 programs were running", "crash:  of 1 programs were running",
	}, told)

	clocks, err := folder.ReadClocks()
	require.NoError(t, err)
	for _, sample := range clocks {
		lies := sample.T > 5*time.Second && sample.T < 6600*time.Millisecond && sample.Machine != "clients"
		require.Equalf(t, lies, sample.Offset != 0, "%+v", sample)
	}
	boots := map[string]int{}
	for _, machine := range []string{"n1", "n2", "n3"} {
		lines, err := folder.ReadLogs(machine)
		require.NoError(t, err)
		boots[machine] = lines[len(lines)-1].Boot
	}
	require.Equal(t, map[string]int{"n1": 1, "n2": 2, "n3": 2}, boots)
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
	_, err = stage.Strike(t.Context(), scenarios.Strike{Kind: scenarios.KindKill, Machines: []string{"n9"}})
	require.ErrorContains(t, err, "there is no machine n9")
}
