package live

import (
	"context"
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

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

// harms has a fault of each kind that does harm, to be struck on real processes.
func harms() []scenarios.Fault {
	one, two, three := scenarios.Node(1), scenarios.Node(2), scenarios.Node(3)
	between := scenarios.Between(scenarios.Side(one), scenarios.Side(two, three))
	return []scenarios.Fault{
		scenarios.Isolate(three), scenarios.Partition(scenarios.Side(one), scenarios.Side(scenarios.Others)), scenarios.Bridge(two),
		scenarios.MajorityRing(), scenarios.Flapping(scenarios.Cut(one, scenarios.Others), 400*time.Millisecond),
		scenarios.ResetConnections(between[0], between[1]),
		scenarios.SlowLink(one, two, 20*time.Millisecond), scenarios.LongTail(between, 0.1, 100*time.Millisecond),
		scenarios.NarrowLink(between, 5_000), scenarios.CloggedLink(between), scenarios.LossyLink(between, 0.5),
		scenarios.DuplicatingLink(between, 0.1), scenarios.ReorderingLink(between, 0.1),
		scenarios.SilentResolver(one), scenarios.FailingResolver(scenarios.Clients),
		scenarios.ClockOffset(one, time.Second), scenarios.ClockDrift(one, 100), scenarios.ClockJump(one, time.Second),
		scenarios.ClockFreeze(one), scenarios.ClockStrobe(one, time.Second, time.Second),
		scenarios.LyingDisk(one), scenarios.DiskErrors(one, 0.1), scenarios.FullDisk(one, 1<<20), scenarios.SlowDisk(one, time.Second),
		scenarios.Failpoint("liveness/neverExpire", one),
		scenarios.Pause(one), scenarios.SlowCPU(two, 0.5), scenarios.Crash(one), scenarios.TornCrash(one), scenarios.Kill(two),
		scenarios.Terminate(three), scenarios.AddNode(scenarios.Node(5)), scenarios.RemoveNode(scenarios.Node(4)),
		scenarios.ReplaceNode(scenarios.Node(5), scenarios.Node(6)), scenarios.BitRot(scenarios.Node(4), 3),
	}
}

// Each kind is struck on real processes, or skipped for a reason that is told.
func TestEveryKindIsStruckOrSkippedByName(t *testing.T) {
	t.Parallel()
	programs, err := programsForTest()
	require.NoError(t, err)
	root, err := scenarios.ModuleRoot(".")
	require.NoError(t, err)
	programs, err = programs.BuildNext(t.Context(), root, t.TempDir())
	require.NoError(t, err)
	scenario := brief()
	scenario.Cluster = scenarios.Nodes(4).WithSpares(2)
	at := 5 * time.Second
	for _, harm := range harms() {
		scenario.Plan = append(scenario.Plan, scenarios.At(at, harm))
		at += 700 * time.Millisecond
		if slices.Contains([]run.Kind{run.KindIsolate, run.KindPartition, run.KindBridge, run.KindMajorityRing, run.KindCut, run.KindNarrowLink}, harm.Kind) {
			at += 2 * time.Second // for by then all nodes have told each other that they live, and a packet was dropped, or had to wait
		}
		undoing := harm.Kind.UndoneBy()
		if len(undoing) == 0 {
			continue
		}
		remedy := scenarios.Fault{Kind: undoing[0]}
		if remedy.Kind != run.KindHeal {
			remedy.On = []scenarios.Role{scenarios.Victims}
		}
		if harm.Kind == run.KindTerminate {
			remedy.Kind = run.KindUpgrade
		}
		scenario.Plan = append(scenario.Plan, scenarios.At(at, remedy))
		at += 100 * time.Millisecond
	}
	scenario.Lasts, scenario.Load.Stop = at+2*time.Second, at
	folder := run.Folder(t.TempDir())
	stage := New(Options{Programs: programs})
	t.Cleanup(func() { require.NoError(t, stage.Close()) })
	ran, err := scenarios.Drive(t.Context(), stage, scenario, 1, folder)
	require.NoError(t, err)
	require.Empty(t, ran.Interrupted)
	require.Len(t, ran.Guests, 3)
	require.Positive(t, ran.Cost.CPU)

	plan, err := folder.ReadPlan()
	require.NoError(t, err)
	apart := !strings.HasPrefix(ran.Options["network"], "loopback")
	seen := map[run.Kind]bool{}
	for _, strike := range plan.Strikes {
		seen[strike.Kind] = true
		t.Logf("%s: %s%s", strike.Text, strike.Evidence, strike.Skipped)
		switch why := cannot[strike.Kind]; {
		case strike.Skipped != "" && strike.Ends(): // what it would end was skipped
		case why != "":
			require.Contains(t, strike.Skipped, scenarios.ErrUnsupported.Error(), strike.Text)
			require.Contains(t, strike.Skipped, why, strike.Text)
		case mayBeMissing(strike.Kind, apart) && strike.Skipped != "":
			require.Contains(t, strike.Skipped, scenarios.ErrUnsupported.Error(), strike.Text)
		default:
			require.Empty(t, strike.Skipped, strike.Text)
			require.True(t, strike.Bit, "%s: %s", strike.Text, strike.Evidence)
		}
	}
	for _, kind := range run.Kinds() {
		// Nodes are moved in place of a restart.
		require.True(t, seen[kind] || kind == run.KindMove, "%s is not in the plan", kind)
	}
	history, err := folder.ReadHistory()
	require.NoError(t, err)
	require.Greater(t, len(history.Operations()), 100)
	logs, err := folder.ReadLogs("n2")
	require.NoError(t, err)
	require.Equal(t, 2, logs[len(logs)-1].Boot, "n2 was killed and started again")
}

// mayBeMissing says whether a host may lack what a kind needs: namespaces, parts of the kernel, the right to mount.
func mayBeMissing(kind run.Kind, apart bool) bool {
	switch kind {
	case run.KindIsolate, run.KindPartition, run.KindBridge, run.KindMajorityRing, run.KindCut:
		return !apart
	case run.KindFullDisk:
		return true
	}
	return kind.Family() == run.NetworkFamily
}

func TestNetemSaysWhatShapesAre(t *testing.T) {
	for want, bad := range map[string]shape{
		"":                                 {rate: 1000},
		"delay 20ms loss 10% duplicate 5%": {delay: 20 * time.Millisecond, loss: 0.1, duplicate: 0.05},
		"delay 1.02s reorder 95%":          {delay: 20 * time.Millisecond, tail: 0.05, tailTime: time.Second},
		"delay 10ms reorder 75%":           {reorder: 0.25},
	} {
		require.Equal(t, want, strings.Join(bad.netem(), " "))
	}
}

func TestWorkloadsLogInOnlyAsTheyAreTold(t *testing.T) {
	t.Setenv(run.EnvUsername, "somebody")
	t.Setenv(run.EnvPassword, "something")
	for want, login := range map[string]scenarios.Login{" \n": {}, "shop secret\n": {Name: "shop", Password: "secret"}} {
		command := exec.Command("sh", "-c", `echo "$`+run.EnvUsername+` $`+run.EnvPassword+`"`)
		command.Env = environment(login)
		said, err := command.Output()
		require.NoError(t, err)
		require.Equal(t, want, string(said))
	}
}

func TestTargetIsLeftAsItWas(t *testing.T) {
	t.Parallel()
	programs, err := programsForTest()
	require.NoError(t, err)
	cluster := New(Options{Programs: programs, Loopback: true})
	t.Cleanup(func() { require.NoError(t, cluster.Close()) })
	accounts := scenarios.Nodes(3).WithAccounts().Accounts
	file := filepath.Join(t.TempDir(), "accounts")
	// A password that is part of nothing else, to look for in what the run leaves.
	const password = "known to nobody else"
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	require.NoError(t, err)
	written := strings.Replace(accounts.File, ":*:naming", "*:*:naming", 1)
	written = regexp.MustCompile(`("name": "clients", "password": ")[^"]*`).ReplaceAllString(written, "${1}"+strings.ReplaceAll(string(hash), "$", "$$"))
	require.NoError(t, os.WriteFile(file, []byte(written), 0o600))
	login := scenarios.Login{Name: accounts.Login.Name, Password: password}
	addresses := startCluster(t, cluster, "--accounts", file)

	scenario := ForTarget(brief(), len(addresses))
	scenario.Lasts, scenario.Load.Stop = 12*time.Second, 10*time.Second
	stage := NewTarget(programs.Workload, addresses, "leftasitwas", login)
	t.Cleanup(func() { require.NoError(t, stage.Close()) })
	folder := run.Folder(t.TempDir())
	ran, err := scenarios.Drive(t.Context(), stage, scenario, 1, folder)
	require.NoError(t, err)
	require.Equal(t, "muster-leftasitwas", ran.Options["namespace"])
	history, err := folder.ReadHistory()
	require.NoError(t, err)
	require.Greater(t, len(history.Operations()), 20)
	for _, operation := range history.Operations() {
		require.Equal(t, "muster-leftasitwas", operation.Invoked.Service.Namespace)
	}

	var listed struct{ Count int }
	answer, err := http.Get(addresses[0] + "/nacos/v1/ns/service/list?pageNo=1&pageSize=10&namespaceId=muster-leftasitwas&username=nacos&password=nacos")
	require.NoError(t, err)
	defer answer.Body.Close()
	require.NoError(t, json.NewDecoder(answer.Body).Decode(&listed))
	require.Zero(t, listed.Count, "the namespace was emptied")
	require.NoError(t, filepath.WalkDir(string(folder), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		require.NotContains(t, string(text), password, path)
		require.NotContains(t, string(text), run.EnvPassword, path)
		require.NotContains(t, string(text), "accessToken", path)
		return err
	}))
}

// startCluster starts three nodes on the loopback interface, with further arguments, and says where they are.
func startCluster(t *testing.T, stage *Stage, arguments ...string) []string {
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
		p := stage.newProcess(name, append([]string{stage.options.Programs.Registry, "--addr", stage.host.address(name),
			"--members", strings.Join(members, ","), "--data", filepath.Join(stage.scratch, name), "--insecure"}, arguments...))
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
	other, err := newLoopback([]string{"n1"}, "another run")
	require.NoError(t, err)
	if l.host != "127.0.0.1" { // what systems with one loopback host have to share
		require.NotEqual(t, l.address("n1"), other.address("n1"), "runs beside each other share no address")
	}
	require.NoError(t, l.cut(t.Context(), nil))
	err = l.cut(t.Context(), []scenarios.Way{{From: "n1", To: "n2"}})
	require.ErrorIs(t, err, scenarios.ErrUnsupported)
	require.ErrorContains(t, err, "need root")
}
