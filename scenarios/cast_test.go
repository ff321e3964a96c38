package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"muster/model/run"
)

// troupe is a cast of five nodes and a workload that has heard the given events.
func troupe(seed uint64, events ...run.NodeEvent) *cast {
	c := newCast([]string{"n1", "n2", "n3", "n4", "n5"}, seeding{seed, "test"})
	machines := []run.Machine{{Name: "w1", Address: "10.0.1.1", Role: "workload"}}
	for number := 1; number <= 5; number++ {
		machines = append(machines, run.Machine{Name: NodeName(number), Address: fmt.Sprintf("10.0.0.%d:8848", number), Role: "node"})
	}
	c.machines(machines)
	for _, event := range events {
		c.logged(event)
	}
	return c
}

func state(machine, state string, term float64) run.NodeEvent {
	return run.NodeEvent{Machine: machine, Name: run.EventRaftState, Attributes: map[string]any{"state": state, "term": term}}
}

func believes(machine, leader string, term float64) run.NodeEvent {
	return run.NodeEvent{Machine: machine, Name: run.EventRaftLeader, Attributes: map[string]any{"leader": leader, "term": term}}
}

func TestWhoLeads(t *testing.T) {
	cases := []struct {
		name   string
		events []run.NodeEvent
		want   string
	}{
		{"nobody yet", nil, ""},
		{"who says so", []run.NodeEvent{state("n1", "follower", 0), state("n2", "leader", 2)}, "n2"},
		{"whom another believes in", []run.NodeEvent{believes("n1", "10.0.0.3:8848", 2)}, "n3"},
		{"the later term", []run.NodeEvent{state("n2", "leader", 2), state("n4", "leader", 3)}, "n4"},
		{"not a cut-off leader of an earlier term", []run.NodeEvent{state("n4", "leader", 3), state("n2", "leader", 2)}, "n4"},
		{"nobody once it stepped down", []run.NodeEvent{state("n2", "leader", 2), state("n2", "follower", 2)}, ""},
		{"still, whatever a follower says of itself", []run.NodeEvent{state("n2", "leader", 2), state("n3", "follower", 2)}, "n2"},
		{"still, if a node lost sight of it", []run.NodeEvent{state("n2", "leader", 2), believes("n3", "", 2)}, "n2"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, troupe(1, c.events...).leader)
		})
	}
}

// TestWhoLeadsUnderAnotherAddress has a node come back elsewhere, and others speak of it by its new address.
func TestWhoLeadsUnderAnotherAddress(t *testing.T) {
	starts := run.NodeEvent{Machine: "n3", Name: run.EventNodeStart, Attributes: map[string]any{"node": "10.0.200.4:8848"}}
	c := troupe(1, state("n1", "leader", 2), starts, believes("n1", "10.0.200.4:8848", 3))
	require.Equal(t, "n3", c.leader)
	require.Len(t, c.names, 5, "its old address is nobody's")
}

func TestResolve(t *testing.T) {
	led := []run.NodeEvent{state("n2", "leader", 2)}
	cases := []struct {
		fault    Fault
		machines []string
		sides    [][]string
		text     string
	}{
		{Isolate(Leader), []string{"n2"}, [][]string{{"n2"}, {"n1", "n3", "n4", "n5"}}, "isolate n2 (leader)"},
		{Isolate(Node(1), Node(3)), []string{"n1", "n3"}, [][]string{{"n1"}, {"n3"}, {"n2", "n4", "n5"}}, "isolate n1, n3"},
		{Partition(Side(Leader, Node(1)), Side(Others)), []string{"n2", "n1", "n3", "n4", "n5"},
			[][]string{{"n2", "n1"}, {"n3", "n4", "n5"}}, "partition n2 (leader), n1 | n3, n4, n5"},
		{Partition(Side(Others), Side(Leader, Clients)), []string{"n1", "n3", "n4", "n5", "n2", "w1"},
			[][]string{{"n1", "n3", "n4", "n5"}, {"n2", "w1"}}, "partition n1, n3, n4, n5 | n2 (leader), w1"},
		{Cut(Clients, Leader), []string{"w1", "n2"}, [][]string{{"w1"}, {"n2"}}, "cut what w1 sends to n2 (leader)"},
		{SlowLink(Node(1), Node(2), 5e6), []string{"n1", "n2"}, [][]string{{"n1"}, {"n2"}}, "slow the links between n1 and n2 by 5ms"},
		{ClockOffset(Node(1), -5e9), []string{"n1"}, nil, "set the clock of n1 5s back"},
		{ClockDrift(Node(1), 200), []string{"n1"}, nil, "let the clock of n1 drift by +200 ppm"},
	}
	for _, c := range cases {
		t.Run(c.text, func(t *testing.T) {
			strike, text, err := troupe(1, led...).resolve(1, c.fault)
			require.NoError(t, err)
			require.Equal(t, c.machines, strike.Machines)
			require.Equal(t, c.sides, strike.Sides)
			require.Equal(t, c.text, text)
		})
	}
}

func TestWaysOfCuts(t *testing.T) {
	reached := func(strike Strike, from string) []string {
		var others []string
		for _, to := range []string{"n1", "n2", "n3", "n4", "n5"} {
			if to != from && !slices.Contains(strike.Ways, Way{from, to}) {
				others = append(others, to)
			}
		}
		return others
	}
	c := troupe(1)
	cut, _, err := c.resolve(1, Cut(Node(1), Node(2)))
	require.NoError(t, err)
	require.Equal(t, []Way{{"n1", "n2"}}, cut.Ways)

	split, _, err := c.resolve(1, Partition(Side(Node(1)), Side(Node(2), Clients)))
	require.NoError(t, err)
	require.ElementsMatch(t, []Way{{"n1", "n2"}, {"n1", "w1"}, {"n2", "n1"}, {"w1", "n1"}}, split.Ways)

	bridge, text, err := c.resolve(1, Bridge(Node(3)))
	require.NoError(t, err)
	require.Len(t, reached(bridge, "n3"), 4, "the bridge reaches all")
	for _, node := range []string{"n1", "n2", "n4", "n5"} {
		require.Len(t, reached(bridge, node), 2, "%s reaches its half and the bridge: %s", node, text)
	}

	ring, text, err := c.resolve(1, MajorityRing())
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, node := range []string{"n1", "n2", "n3", "n4", "n5"} {
		others := reached(ring, node)
		require.Len(t, others, 2, "%s and two others are a majority: %s", node, text)
		majority := append(others, node)
		slices.Sort(majority)
		require.False(t, seen[strings.Join(majority, " ")], "no two see the same majority")
		seen[strings.Join(majority, " ")] = true
	}

	everywhere, text, err := c.resolve(1, LossyLink(Everywhere, 0.1))
	require.NoError(t, err)
	require.Len(t, everywhere.Ways, 6*5)
	require.Equal(t, "lose 10 % of the packets everywhere", text)
}

func TestFollowersAreDrawn(t *testing.T) {
	seen := map[string]bool{}
	for seed := range uint64(40) {
		c := troupe(seed, state("n2", "leader", 2))
		c.struck(Strike{Number: 1, Kind: run.KindKill, Machines: []string{"n5"}})
		strike, _, err := c.resolve(2, Partition(Side(Leader, Follower), Side(Follower), Side(Others)))
		require.NoError(t, err)
		drawn := []string{strike.Sides[0][1], strike.Sides[1][0]}
		require.NotEqual(t, drawn[0], drawn[1], "two followers are two nodes")
		for _, node := range drawn {
			require.NotContains(t, []string{"n2", "n5"}, node, "neither the leader nor a node that is down")
			seen[node] = true
		}
		again, _, err := c.resolve(2, Partition(Side(Leader, Follower), Side(Follower), Side(Others)))
		require.NoError(t, err)
		require.Equal(t, strike, again)
	}
	require.Len(t, seen, 3, "every follower is drawn by some seed")
}

func TestVictims(t *testing.T) {
	c := troupe(1)
	for i, fault := range []Fault{Crash(Node(1), Node(2)), Pause(Node(3)), Kill(Node(4))} {
		strike, _, err := c.resolve(i+1, fault)
		require.NoError(t, err)
		c.struck(strike)
	}
	one, _, err := c.resolve(4, Restart(Node(1)))
	require.NoError(t, err)
	require.Empty(t, one.Undone, "the crash still holds the second node")
	c.struck(one)
	require.False(t, c.down("n1"))
	require.True(t, c.down("n2"))
	rest, text, err := c.resolve(5, Restart(Victims))
	require.NoError(t, err)
	require.Equal(t, []string{"n2", "n4"}, rest.Machines)
	require.Equal(t, []int{1, 3}, rest.Undone)
	require.Equal(t, "restart n2, n4", text)
	c.struck(rest)
	require.True(t, c.down("n3"), "a restart wakes nobody")
	resumed, _, err := c.resolve(6, Resume(Victims))
	require.NoError(t, err)
	require.Equal(t, []string{"n3"}, resumed.Machines)
}

func TestResponsibleFor(t *testing.T) {
	c := troupe(1)
	// "10.1.0.1:8080".hashCode() is -1839857309 in Java; its absolute value modulo 5 is 4: the fifth address.
	strike, text, err := c.resolve(1, Pause(ResponsibleFor("10.1.0.1:8080")))
	require.NoError(t, err)
	require.Equal(t, "pause "+strike.Machines[0]+" (responsible for 10.1.0.1:8080)", text)
	require.Equal(t, []string{"n5"}, strike.Machines)
}

func TestRolesThatNobodyPlays(t *testing.T) {
	led := state("n2", "leader", 2)
	cases := map[string]struct {
		cast  *cast
		fault Fault
	}{
		"no node says that it leads":                             {troupe(1), Isolate(Leader)},
		"so none is known to follow":                             {troupe(1), Isolate(Follower)},
		"no node is left to be follower":                         {troupe(1, led), Kill(Follower, Follower, Follower, Follower, Follower)},
		"there are no other nodes":                               {troupe(1), Partition(Side(Node(1), Node(2), Node(3), Node(4), Node(5)), Side(Others))},
		"no node suffers from what this would undo":              {troupe(1), Restart(Victims)},
		"the network does not suffer from anything":              {troupe(1), Heal()},
		"n1 does not suffer from anything that a restart undoes": {troupe(1), Restart(Node(1))},
		"n2 stands on two sides of the cut":                      {troupe(1, led), Cut(Leader, Node(2))},
		"the clients run on no machine":                          {newCast([]string{"n1"}, seeding{}), Cut(Clients, Node(1))},
		"the nodes' addresses are not known":                     {newCast([]string{"n1"}, seeding{}), Kill(ResponsibleFor("10.1.0.1:80"))},
	}
	for want, c := range cases {
		t.Run(want, func(t *testing.T) {
			_, _, err := c.cast.resolve(1, c.fault)
			require.ErrorContains(t, err, want)
		})
	}
}
