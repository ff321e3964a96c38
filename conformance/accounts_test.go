package conformance_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/nodes/golden"
	"muster/scenarios"
	simulation "muster/scenarios/simulated"
	"muster/sim"
	"muster/sim/disk"
	"muster/sim/guest"
)

// accountsWorld is three nodes with accounts on simulated machines, and whoever asks them.
type accountsWorld struct {
	t     *testing.T
	world *sim.World
	asker sim.Program
	nodes []*sim.Machine
	// said is what askers have printed since they were last asked.
	said   []string
	askers int
}

func bootAccounts(t *testing.T) *accountsWorld {
	root, err := scenarios.ModuleRoot(".")
	require.NoError(t, err)
	load := func(path string) sim.Program {
		built, err := guest.Build(t.Context(), guest.Options{Package: path, Dir: root, Cache: filepath.Join(root, "build", "guests"), Tags: simulation.Tags})
		require.NoError(t, err)
		program, err := sim.Load(t.Context(), built)
		require.NoError(t, err)
		return program
	}
	a := &accountsWorld{t: t, asker: load("./conformance/testdata/asker")}
	a.world, err = sim.New(sim.Options{Seed: 5, Output: func(line sim.Line) {
		if strings.HasPrefix(line.Machine, "asker") && line.Stream == 1 {
			a.said = append(a.said, line.Text)
		}
	}})
	require.NoError(t, err)
	t.Cleanup(func() { a.world.Close() })
	node := load("./cmd/registry")
	for number := 1; number <= 3; number++ {
		machine, err := a.world.Boot(fmt.Sprintf("n%d", number), node, "--addr", fmt.Sprintf("10.0.0.%d:8848", number),
			"--members", "10.0.0.1:8848,10.0.0.2:8848,10.0.0.3:8848", "--data", "/data", "--accounts", "/accounts", "--log-level", "WARN")
		require.NoError(t, err)
		require.Equal(t, disk.OK, machine.Disk().WriteFile("/accounts", golden.Accounts(), machine.Clock().Wall().UnixNano()))
		a.nodes = append(a.nodes, machine)
	}
	a.pass(10 * time.Second)
	return a
}

func (a *accountsWorld) pass(d time.Duration) { require.NoError(a.t, a.world.Run(d)) }

// ask has requests sent to nodes, by their numbers from 1, each as "2 POST /v1/auth/login?username=new&password=one", and returns what came
// back.
func (a *accountsWorld) ask(requests ...string) []string {
	var arguments []string
	for _, request := range requests {
		node, rest, _ := strings.Cut(request, " ")
		method, path, _ := strings.Cut(rest, " ")
		arguments = append(arguments, method+" http://10.0.0."+node+":8848/nacos"+path)
	}
	a.said = nil
	a.askers++
	machine, err := a.world.Boot(fmt.Sprintf("asker%d", a.askers), a.asker, arguments...)
	require.NoError(a.t, err)
	for range 60 {
		if a.pass(time.Second); machine.Status() == sim.Exited {
			return a.said
		}
	}
	require.Fail(a.t, "no answers", requests)
	return nil
}

// logsIn demands that a user may log in at nodes, or may not.
func (a *accountsWorld) logsIn(status, name, password string, nodes ...int) {
	a.t.Helper()
	var requests []string
	for _, node := range nodes {
		requests = append(requests, fmt.Sprintf("%d POST /v1/auth/login?username=%s&password=%s", node, name, password))
	}
	for i, said := range a.ask(requests...) {
		require.True(a.t, strings.HasPrefix(said, status+" "), "%s: want %s, got %s", requests[i], status, said)
	}
}

// Who is made at one node logs in at all; so it stays when the node that it was made at dies, and when all lose power at once. The file's
// users are looked at once.
func TestAccountsAreTheClusters(t *testing.T) {
	a := bootAccounts(t)
	const admin = "accessToken=&username=nacos&password=nacos"
	token := strings.SplitN(a.ask("1 POST /v1/auth/login?" + admin)[0], `"accessToken":"`, 2)
	require.Len(t, token, 2, "the file's administrator logs in")
	shown := "accessToken=" + strings.SplitN(token[1], `"`, 2)[0]
	require.Equal(t, []string{`200 {"code":200,"message":null,"data":"create user ok!"}`}, a.ask("2 POST /v1/auth/users?username=new&password=one&"+shown))
	a.logsIn("200", "new", "one", 1, 2, 3)
	a.logsIn("403", "new", "two", 1)

	require.NoError(t, a.nodes[1].Crash())
	a.pass(10 * time.Second)
	require.Equal(t, []string{`200 {"code":200,"message":null,"data":"update user ok!"}`}, a.ask("3 PUT /v1/auth/users?username=new&newPassword=two&"+shown),
		"two of three agree, whoever led before")
	require.NoError(t, a.nodes[1].Restart())
	a.pass(10 * time.Second)
	a.logsIn("200", "new", "two", 2, 1, 3)
	a.logsIn("403", "new", "one", 2)
	require.Equal(t, []string{`200 {"code":200,"message":null,"data":"delete user ok!"}`}, a.ask("1 DELETE /v1/auth/users?username=shop&"+shown))

	for _, node := range a.nodes {
		require.NoError(t, node.Crash())
	}
	a.pass(time.Second)
	for _, node := range a.nodes {
		require.NoError(t, node.Restart())
	}
	a.pass(15 * time.Second)
	a.logsIn("200", "new", "two", 1, 2, 3)
	a.logsIn("403", "shop", "shop", 1, 2, 3) // though the file has him still
}
