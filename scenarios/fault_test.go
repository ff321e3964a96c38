package scenarios

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/model/run"
)

// samples has a fault of each kind, as a scenario would have it.
var samples = map[run.Kind]Fault{
	run.KindIsolate:         Isolate(Leader),
	run.KindPartition:       Partition(Side(Leader), Side(Others)),
	run.KindBridge:          Bridge(Follower),
	run.KindMajorityRing:    MajorityRing(),
	run.KindCut:             Flapping(Rejecting(Cut(Leader, Follower)), 2*time.Second),
	run.KindReset:           ResetConnections(Side(Leader), Side(Others)),
	run.KindSlowLink:        SlowLink(Leader, Others, 20*time.Millisecond),
	run.KindLongTail:        LongTail(Between(Side(Leader), Side(Others, Clients)), 0.05, time.Second),
	run.KindNarrowLink:      NarrowLink(Everywhere, 64<<10),
	run.KindCloggedLink:     CloggedLink(Between(Side(Leader), Side(Follower))),
	run.KindLossyLink:       LossyLink(Everywhere, 0.1),
	run.KindDuplicatingLink: DuplicatingLink(Everywhere, 0.25),
	run.KindReorderingLink:  ReorderingLink(Everywhere, 0.25),
	run.KindSilentResolver:  SilentResolver(Clients),
	run.KindFailingResolver: FailingResolver(Leader, Clients),
	run.KindHeal:            Heal(),
	run.KindClockOffset:     ClockOffset(Leader, -5*time.Second),
	run.KindClockDrift:      ClockDrift(Leader, -200),
	run.KindClockJump:       ClockJump(Leader, time.Minute),
	run.KindClockFreeze:     ClockFreeze(Leader),
	run.KindClockStrobe:     ClockStrobe(Leader, time.Second, 200*time.Millisecond),
	run.KindClockReset:      ClockReset(Victims),
	run.KindCrash:           Crash(Leader, Follower),
	run.KindTornCrash:       TornCrash(Leader),
	run.KindKill:            Kill(Any),
	run.KindTerminate:       Terminate(Node(1)),
	run.KindRestart:         Restart(Victims),
	run.KindMove:            Move(Victims),
	run.KindUpgrade:         Upgrade(Victims),
	run.KindPause:           Pause(Leader),
	run.KindSlowCPU:         SlowCPU(Leader, 0.1),
	run.KindResume:          Resume(Victims),
	run.KindLyingDisk:       LyingDisk(Leader),
	run.KindDiskErrors:      DiskErrors(Leader, 0.01),
	run.KindFullDisk:        FullDisk(Leader, 4096),
	run.KindSlowDisk:        SlowDisk(Leader, 50*time.Millisecond),
	run.KindBitRot:          BitRot(Leader, 8),
	run.KindDiskRepair:      DiskRepair(Victims),
	run.KindAddNode:         AddNode(Node(5)),
	run.KindRemoveNode:      RemoveNode(Leader),
	run.KindReplaceNode:     ReplaceNode(Node(4), Node(5)),
	run.KindFailpoint:       Failpoint("liveness/neverExpire", Leader),
	run.KindFailpointOff:    FailpointOff(Victims),
}

// wordsOf is what a run says of each sample, where n2 leads and seed 1 draws.
var wordsOf = map[run.Kind]string{
	run.KindIsolate:         "isolate n2 (leader)",
	run.KindPartition:       "partition n2 (leader) | n1, n3, n4, n5",
	run.KindBridge:          "partition n3, n1 | n2, n4 with n5 (follower) as a bridge",
	run.KindMajorityRing:    "let each of n1, n4, n3, n2, n5 reach only its neighbours on this ring",
	run.KindCut:             "cut what n2 (leader) sends to n1 (follower), with resets, on and off every 2s",
	run.KindReset:           "reset the connections between n2 (leader) and n1, n3, n4, n5",
	run.KindSlowLink:        "slow the links between n2 (leader) and n1, n3, n4, n5 by 20ms",
	run.KindLongTail:        "delay 5 % of the packets between n2 (leader) and n1, n3, n4, n5, w1 by 1s on average",
	run.KindNarrowLink:      "narrow the links everywhere to 65536 bytes a second",
	run.KindCloggedLink:     "clog the links between n2 (leader) and n1 (follower)",
	run.KindLossyLink:       "lose 10 % of the packets everywhere",
	run.KindDuplicatingLink: "deliver 25 % of the datagrams everywhere twice",
	run.KindReorderingLink:  "reorder 25 % of the datagrams everywhere",
	run.KindSilentResolver:  "leave what w1 ask the name server unanswered",
	run.KindFailingResolver: "answer what n2 (leader), w1 ask the name server with a failure",
	run.KindHeal:            "heal the network",
	run.KindClockOffset:     "set the clock of n2 (leader) 5s back",
	run.KindClockDrift:      "let the clock of n2 (leader) drift by -200 ppm",
	run.KindClockJump:       "move the clock of n2 (leader) 1m0s ahead",
	run.KindClockFreeze:     "stop the clock of n2 (leader)",
	run.KindClockStrobe:     "let the clock of n2 (leader) jump 1s ahead and again right every 200ms",
	run.KindClockReset:      "set the clock of n2 right",
	run.KindCrash:           "crash n2 (leader), n1 (follower)",
	run.KindTornCrash:       "crash n2 (leader) during a write",
	run.KindKill:            "kill n3",
	run.KindTerminate:       "terminate n1",
	run.KindRestart:         "restart n2",
	run.KindMove:            "restart n2 with another address",
	run.KindUpgrade:         "restart n2 with the next build",
	run.KindPause:           "pause n2 (leader)",
	run.KindSlowCPU:         "leave n2 (leader) 10 % of the processor",
	run.KindResume:          "resume n2",
	run.KindLyingDisk:       "let the disk of n2 (leader) lie about what is synced",
	run.KindDiskErrors:      "fail 1 % of the writes to the disk of n2 (leader)",
	run.KindFullDisk:        "fill the disk of n2 (leader) but for 4096 bytes",
	run.KindSlowDisk:        "slow each fsync of n2 (leader) by 50ms",
	run.KindBitRot:          "turn over 8 bits on the disk of n2 (leader)",
	run.KindDiskRepair:      "repair the disk of n2",
	run.KindAddNode:         "add n5 to the cluster",
	run.KindRemoveNode:      "remove n2 (leader) from the cluster",
	run.KindReplaceNode:     "replace n4 by n5",
	run.KindFailpoint:       "switch on liveness/neverExpire in n2 (leader)",
	run.KindFailpointOff:    "switch off what was switched on in n2",
}

// Each kind validates, is resolved and said in words, and what lasts is undone: this is what every stage and report relies on.
func TestEveryKind(t *testing.T) {
	require.Len(t, forms, len(run.Kinds()))
	for _, kind := range run.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			fault, sampled := samples[kind]
			require.True(t, sampled, "add a sample")
			require.Equal(t, kind, fault.Kind)
			require.NoError(t, fault.validate(4, 1))

			c := troupe(1, state("n2", "leader", 2))
			if kind.Ends() {
				suffer(t, c, kind)
			}
			strike, text, err := c.resolve(7, fault)
			require.NoError(t, err)
			require.Equal(t, wordsOf[kind], text)
			require.Equal(t, fault.Measures, strike.Measures)
			require.NotEmpty(t, describeUnresolved(fault))

			c.struck(strike)
			if kind == run.KindBitRot || kind.Family() == run.MembershipFamily {
				return // what is rotten, or a member, stays so; see TestNodesFallWithTheirDisks and TestMembersComeAndGo
			}
			if !kind.Lasts() {
				require.Empty(t, c.suffering, "nothing is left in force")
				return
			}
			require.Len(t, c.suffering, 1)
			for _, undoing := range kind.UndoneBy() {
				remedy := Fault{Kind: undoing}
				if undoing != run.KindHeal {
					remedy.On = []Role{Victims}
				}
				undone, _, err := c.resolve(8, remedy)
				require.NoError(t, err)
				require.Equal(t, []int{7}, undone.Undone, "%s undoes it", undoing)
			}
		})
	}
}

// suffer strikes the leader with something that a kind undoes.
func suffer(t *testing.T, c *cast, undoing run.Kind) {
	harm := samples[undoing.Undoes()[0]]
	harm.On = []Role{Leader}
	strike, _, err := c.resolve(1, harm)
	require.NoError(t, err)
	c.struck(strike)
}

func TestNodesFallWithTheirDisks(t *testing.T) {
	c := troupe(1, state("n2", "leader", 2))
	require.False(t, c.fell("n1"), "nothing is wrong with its disk")
	for i, fault := range []Fault{DiskErrors(Node(1), 0.5), BitRot(Node(3), 1), FullDisk(Node(4), 0)} {
		strike, _, err := c.resolve(i+1, fault)
		require.NoError(t, err)
		c.struck(strike)
	}
	require.False(t, c.fell("n2"), "the other disks are sound")
	require.True(t, c.fell("n1") && c.fell("n3"))
	require.True(t, c.down("n1") && c.down("n3") && !c.down("n4"))
	restart, _, err := c.resolve(4, Restart(Victims))
	require.NoError(t, err)
	require.Equal(t, []string{"n1", "n3"}, restart.Machines)
	require.Empty(t, restart.Undone, "no strike of the plan ends with it")
	c.struck(restart)
	require.False(t, c.down("n1") || c.down("n3"))
	_, _, err = c.resolve(5, Restart(Victims))
	require.ErrorContains(t, err, "no node suffers")
}

func TestMembersComeAndGo(t *testing.T) {
	c := newCast([]string{"n1", "n2", "n3"}, seeding{1, "test"})
	var machines []run.Machine
	for _, name := range []string{"n1", "n2", "n3", "n4", "n5"} {
		machines = append(machines, run.Machine{Name: name, Address: name + ":8848", Role: "node"})
	}
	c.machines(machines)
	for i, fault := range []Fault{AddNode(Node(4)), RemoveNode(Node(1)), ReplaceNode(Node(2), Node(5))} {
		strike, _, err := c.resolve(i+1, fault)
		require.NoError(t, err)
		c.struck(strike)
	}
	require.Equal(t, []string{"n3", "n4", "n5"}, c.members())
	require.True(t, c.mayEnd("n1") && c.mayEnd("n2") && !c.mayEnd("n4"))
	isolated, _, err := c.resolve(4, Isolate(Node(3)))
	require.NoError(t, err)
	require.Equal(t, [][]string{{"n3"}, {"n4", "n5"}}, isolated.Sides, "who is no member is not there")
}
