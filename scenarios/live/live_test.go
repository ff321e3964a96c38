package live

import (
	"context"
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/checker"
	"muster/model"
	"muster/model/run"
	"muster/scenarios"
)

// programsForTest builds the node and the workload, once for all tests.
var programsForTest = sync.OnceValues(func() (Programs, error) {
	root, err := scenarios.ModuleRoot(".")
	if err != nil {
		return Programs{}, err
	}
	return BuildPrograms(context.Background(), root, filepath.Join(root, "build", "live-test"))
})

// brief is a short scenario: real time passes in it.
func brief() scenarios.Scenario {
	return scenarios.Scenario{
		Name: "brief", Claim: "A short run leaves a whole run folder.", Source: "this test",
		Profiles: []scenarios.Profile{scenarios.Nacos2}, Cluster: scenarios.Nodes(3),
		Load: model.Load{
			EphemeralClients: 2, PersistentClients: 2, EphemeralServices: 1, PersistentServices: 1,
			OperationsPerSecond: 20, ReadShare: 0.5, ReadModes: []model.ReadMode{model.ReadLinearizable},
			Timeout: 2 * time.Second, BeatInterval: 5 * time.Second, ObserveInterval: 500 * time.Millisecond,
			WarmUp: 4 * time.Second, Stop: 14 * time.Second,
		},
		Lasts:  18 * time.Second,
		Expect: scenarios.Expect{checker.Durable: checker.Holds},
		Bounds: checker.Bounds{Converge: 3 * time.Second},
	}
}

func TestFaultsStrikeRealProcesses(t *testing.T) {
	t.Parallel()
	programs, err := programsForTest()
	require.NoError(t, err)
	scenario := brief()
	scenario.Plan = scenarios.Plan{
		scenarios.At(5*time.Second, scenarios.Pause(scenarios.Node(1))),
		scenarios.At(6*time.Second, scenarios.Resume(scenarios.Victims)),
		scenarios.At(7*time.Second, scenarios.Kill(scenarios.Node(2))),
		scenarios.At(8*time.Second, scenarios.Restart(scenarios.Victims)),
		scenarios.At(9*time.Second, scenarios.Isolate(scenarios.Node(3))),
		scenarios.At(11*time.Second, scenarios.Heal()),
		scenarios.At(12*time.Second, scenarios.ClockOffset(scenarios.Node(1), time.Second)),
		scenarios.At(13*time.Second, scenarios.ClockReset(scenarios.Node(1))),
	}
	folder := run.Folder(t.TempDir())
	stage := New(Options{Programs: programs})
	t.Cleanup(func() { require.NoError(t, stage.Close()) })
	ran, err := scenarios.Drive(t.Context(), stage, scenario, 1, folder)
	require.NoError(t, err)
	require.Empty(t, ran.Interrupted)
	require.Len(t, ran.Guests, 2)
	require.Positive(t, ran.Cost.CPU)

	plan, err := folder.ReadPlan()
	require.NoError(t, err)
	apart := !strings.HasPrefix(ran.Options["network"], "loopback")
	for _, strike := range plan.Strikes {
		switch strike.Kind {
		case "clock-offset", "clock-reset":
			require.NotEmpty(t, strike.Skipped, strike.Text)
		case "isolate", "heal":
			if !apart {
				require.NotEmpty(t, strike.Skipped, strike.Text)
				continue
			}
			fallthrough
		default:
			require.Empty(t, strike.Skipped, strike.Text)
			require.True(t, strike.Bit, "%s: %s", strike.Text, strike.Evidence)
		}
	}
	history, err := folder.ReadHistory()
	require.NoError(t, err)
	require.Greater(t, len(history.Operations()), 100)
	logs, err := folder.ReadLogs("n2")
	require.NoError(t, err)
	require.Equal(t, 2, logs[len(logs)-1].Boot, "n2 was killed and started again")
}

func TestTargetIsLeftAsItWas(t *testing.T) {
	t.Parallel()
	programs, err := programsForTest()
	require.NoError(t, err)
	cluster := New(Options{Programs: programs, Loopback: true})
	t.Cleanup(func() { require.NoError(t, cluster.Close()) })
	addresses := startCluster(t, cluster)

	scenario := ForTarget(brief(), len(addresses))
	scenario.Lasts, scenario.Load.Stop = 12*time.Second, 10*time.Second
	stage := NewTarget(programs.Workload, addresses, "leftasitwas")
	t.Cleanup(func() { require.NoError(t, stage.Close()) })
	folder := run.Folder(t.TempDir())
	ran, err := scenarios.Drive(t.Context(), stage, scenario, 1, folder)
	require.NoError(t, err)
	require.Equal(t, "muster-leftasitwas", ran.Options["namespace"])
	history, err := folder.ReadHistory()
	require.NoError(t, err)
	require.Greater(t, len(history.Operations()), 50)
	for _, operation := range history.Operations() {
		require.Equal(t, "muster-leftasitwas", operation.Invoked.Service.Namespace)
	}

	var listed struct{ Count int }
	answer, err := http.Get(addresses[0] + "/nacos/v1/ns/service/list?pageNo=1&pageSize=10&namespaceId=muster-leftasitwas")
	require.NoError(t, err)
	defer answer.Body.Close()
	require.NoError(t, json.NewDecoder(answer.Body).Decode(&listed))
	require.Zero(t, listed.Count, "the namespace was emptied")
}

// startCluster starts three nodes on the loopback interface, and says where they are.
func startCluster(t *testing.T, stage *Stage) []string {
	var err error
	stage.scratch = t.TempDir()
	stage.began = time.Now()
	names := []string{"n1", "n2", "n3"}
	stage.host, err = newLoopback(names, "a test")
	require.NoError(t, err)
	var members, urls []string
	for _, name := range names {
		members = append(members, stage.host.address(name))
		urls = append(urls, "http://"+stage.host.address(name))
	}
	for _, name := range names {
		p := stage.newProcess(name, []string{stage.options.Programs.Registry, "--addr", stage.host.address(name),
			"--members", strings.Join(members, ","), "--data", filepath.Join(stage.scratch, name)}, "")
		p.printed = func(run.LogLine) {}
		p.exited = func(_ time.Duration, reason string, _ bool) { t.Errorf("%s ended: %s", name, reason) }
		require.NoError(t, p.start())
		stage.processes[name] = p
	}
	for _, name := range names {
		require.NoError(t, stage.processes[name].awaitReady(t.Context()))
	}
	return urls
}

func TestLoopbackNamesWhyTheNetworkCannotBeCut(t *testing.T) {
	l, err := newLoopback([]string{"n1", "n2"}, "network namespaces need root")
	require.NoError(t, err)
	require.NotEqual(t, l.address("n1"), l.address("n2"))
	require.NoError(t, l.cut(t.Context(), nil))
	err = l.cut(t.Context(), []scenarios.Way{{From: "n1", To: "n2"}})
	require.ErrorIs(t, err, scenarios.ErrUnsupported)
	require.ErrorContains(t, err, "need root")
}
