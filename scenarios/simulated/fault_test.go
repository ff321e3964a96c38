package simulated_test

import (
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/model/run"
	"muster/scenarios"
)

// bite is a fault to strike, and what must come of it: evidence, but for its numbers.
type bite struct {
	fault    scenarios.Fault
	evidence string
}

// bites says of each kind of fault what to strike.
var bites = []bite{
	{scenarios.Isolate(three), "# packets dropped"},
	{scenarios.Partition(scenarios.Side(one), scenarios.Side(two, scenarios.Clients)), "# packets dropped"},
	{scenarios.Bridge(two), "# packets dropped"},
	{scenarios.MajorityRing(), "# packets dropped"},
	{scenarios.Cut(scenarios.Clients, one), "# packets dropped"},
	{scenarios.Rejecting(scenarios.Isolate(one)), "# packets answered with a reset"},
	{scenarios.Flapping(scenarios.Isolate(two), 400*time.Millisecond), "# packets dropped"},
	{scenarios.ResetConnections(scenarios.Side(one), scenarios.Side(scenarios.Others)), "# ends of connections reset"},
	{scenarios.SlowLink(one, two, 50*time.Millisecond), "# packets sent over slow links"},
	{scenarios.LongTail(scenarios.Everywhere, 0.2, 100*time.Millisecond), "# packets delayed"},
	{scenarios.NarrowLink(scenarios.Everywhere, 10_000), "# packets queued"},
	{scenarios.CloggedLink(scenarios.Between(scenarios.Side(one), scenarios.Side(scenarios.Others))), "# packets held back"},
	{scenarios.LossyLink(scenarios.Everywhere, 0.2), "# packets lost"},
	{scenarios.DuplicatingLink(scenarios.Everywhere, 1), "# datagrams delivered twice"},
	{scenarios.ReorderingLink(scenarios.Everywhere, 1), "# datagrams held back for later ones"},
	{scenarios.SilentResolver(scenarios.Clients), "# questions for names met it"},
	{scenarios.FailingResolver(scenarios.Clients), "# questions for names met it"},
	{scenarios.ClockOffset(one, 3*time.Second), "the clock of n1 was off by 3s"},
	{scenarios.ClockJump(two, -2*time.Second), "the clock of n2 was off by -2s"},
	{scenarios.ClockDrift(three, 100_000), "the clock of n3 was off by 100ms"},
	{scenarios.ClockFreeze(one), "the clock of n1 was off by -1s"},
	{scenarios.ClockStrobe(one, 3*time.Second, 600*time.Millisecond), "# clocks jumped to and fro"},
	{scenarios.TornCrash(scenarios.Any), "# bytes were being written"},
	{scenarios.LyingDisk(one), "# syncs did nothing"},
	{scenarios.DiskErrors(two, 0.2), "# calls failed"},
	{scenarios.FullDisk(three, 100), "# writes found no room"},
	{scenarios.SlowDisk(one, 30*time.Millisecond), "# syncs were slow"},
	{scenarios.BitRot(two, 5), "# bits turned over"},
	{scenarios.Failpoint("liveness/neverExpire", one, two), "# of # nodes switched it on"},
	{scenarios.AddNode(scenarios.Node(5)), "# members were listed then"},
	{scenarios.RemoveNode(two), "# members were listed then"},
	{scenarios.ReplaceNode(three, scenarios.Node(5)), "# members were listed then"},
	{scenarios.SlowCPU(two, 0.01), "# of # programs were running"},
	{scenarios.Pause(one), "# of # programs were running"},
	{scenarios.Kill(two), "# of # programs were running"},
	{scenarios.Terminate(three), "# of # programs were running"},
	{scenarios.Crash(three), "# of # programs were running"},
}

const one, two, three = scenarios.Role("node:1"), scenarios.Role("node:2"), scenarios.Role("node:3")

// anew has clients look nodes up again, by ending the connections that they have.
var anew = scenarios.At(3100*time.Millisecond, scenarios.ResetConnections(scenarios.Side(scenarios.Clients), scenarios.Side(scenarios.Others)))

// No kind is forgotten.
func TestEveryKindIsStruck(t *testing.T) {
	for _, kind := range run.Kinds() {
		stands := slices.ContainsFunc(bites, func(c bite) bool { return c.fault.Kind == kind })
		require.True(t, stands || kind.Ends(), "%s is struck nowhere", kind)
	}
}

// Each fault is struck for a second, undone, and must have had an effect while it was there, and left none.
func TestEveryFaultBites(t *testing.T) {
	numbers := regexp.MustCompile(`\b\d+\b`)
	for _, c := range bites {
		t.Run(string(c.fault.Kind), func(t *testing.T) {
			t.Parallel()
			plan := scenarios.Plan{scenarios.At(3*time.Second, c.fault)}
			if c.fault.Kind == run.KindSilentResolver || c.fault.Kind == run.KindFailingResolver {
				plan = append(plan, anew)
			}
			if undone := c.fault.Kind.UndoneBy(); len(undone) > 0 {
				remedy := scenarios.Fault{Kind: undone[0]}
				if undone[0] != run.KindHeal {
					remedy.On = []scenarios.Role{scenarios.Victims}
				}
				plan = append(plan, scenarios.At(4*time.Second, remedy))
			}
			scenario := short(plan...)
			scenario.Load.Subscribers = 2 // who are told by datagrams
			scenario.Cluster, scenario.Lasts = scenarios.Nodes(4).WithSpares(1), 5*time.Second
			folder, err := drive(t.Context(), t, scenario)
			require.NoError(t, err)
			struck, err := folder.ReadPlan()
			require.NoError(t, err)
			require.Len(t, struck.Strikes, len(plan))
			for _, strike := range struck.Strikes {
				require.Empty(t, strike.Skipped, strike.Text)
				require.True(t, strike.Bit, "%s: %s", strike.Text, strike.Evidence)
			}
			evidence := struck.Strikes[0].Evidence
			if c.evidence[0] == '#' {
				evidence = numbers.ReplaceAllString(evidence, "#")
			}
			require.Equal(t, c.evidence, evidence)
			require.LessOrEqual(t, struck.LastFaultEnds(scenario.Lasts), 4*time.Second, "nothing is in force at the end")

			clocks, err := folder.ReadClocks()
			require.NoError(t, err)
			for _, sample := range clocks {
				if sample.T < 3*time.Second || sample.T > 4*time.Second {
					require.Zero(t, sample.Offset, "%+v", sample)
				}
			}
		})
	}
}

// TestNodesMoveToAddressesThatNobodyHas moves a node, removes it, and moves another: the first keeps its address, though it is no member.
func TestNodesMoveToAddressesThatNobodyHas(t *testing.T) {
	at := func(tenths int, fault scenarios.Fault) scenarios.Step {
		return scenarios.At(time.Duration(tenths)*100*time.Millisecond, fault)
	}
	folder, err := drive(t.Context(), t, short(
		at(30, scenarios.Kill(two)), at(32, scenarios.Move(two)), at(40, scenarios.RemoveNode(two)),
		at(50, scenarios.Kill(three)), at(52, scenarios.Restart(three)), at(60, scenarios.Kill(three)), at(62, scenarios.Move(three)),
		// A full disk has room for what is put there from outside.
		at(70, scenarios.FullDisk(one, 0)), at(72, scenarios.Failpoint("liveness/neverExpire", one)), at(80, scenarios.DiskRepair(one)),
	))
	require.NoError(t, err)
	var moved []string
	starts, err := folder.NodeEvents()
	require.NoError(t, err)
	for _, e := range starts {
		if e.Name == run.EventNodeStart && e.T > 3*time.Second {
			moved = append(moved, e.Machine+" "+e.Text("node"))
		}
	}
	require.Equal(t, []string{"n2 10.0.200.4:8848", "n3 10.0.0.3:8848", "n3 10.0.200.5:8848"}, moved)
}
