package reports

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/model/run"
	"muster/reports/plots"
)

func TestWindowsEndWhenTheyAreUndone(t *testing.T) {
	const s = time.Second
	for name, c := range map[string]struct {
		strikes []run.Strike
		want    [][2]time.Duration
	}{
		"by itself":                  {[]run.Strike{{At: s, Until: 3 * s, Kind: "cut"}, {At: 2 * s, Kind: "heal"}}, [][2]time.Duration{{s, 3 * s}}},
		"by a heal":                  {[]run.Strike{{At: s, Kind: "isolate"}, {At: 2 * s, Kind: "slow-link"}, {At: 4 * s, Kind: "heal"}}, [][2]time.Duration{{s, 4 * s}, {2 * s, 4 * s}}},
		"by its machine's restart":   {[]run.Strike{{At: s, Kind: "crash", Machines: []string{"n1"}}, {At: 2 * s, Kind: "restart", Machines: []string{"n2"}}, {At: 3 * s, Kind: "restart", Machines: []string{"n1"}}}, [][2]time.Duration{{s, 3 * s}}},
		"by a resume of all":         {[]run.Strike{{At: s, Kind: "pause", Machines: []string{"n1"}}, {At: 2 * s, Kind: "resume"}}, [][2]time.Duration{{s, 2 * s}}},
		"by setting the clock right": {[]run.Strike{{At: s, Kind: "clock-drift", Machines: []string{"n1"}}, {At: 2 * s, Kind: "clock-reset", Machines: []string{"n1"}}}, [][2]time.Duration{{s, 2 * s}}},
		"by nothing but the end":     {[]run.Strike{{At: s, Kind: "kill", Machines: []string{"n1"}}, {At: 2 * s, Kind: "heal"}}, [][2]time.Duration{{s, 9 * s}}},
		"not by what was skipped":    {[]run.Strike{{At: s, Kind: "cut"}, {At: 2 * s, Kind: "heal", Skipped: "cannot"}}, [][2]time.Duration{{s, 9 * s}}},
		"never if it was skipped":    {[]run.Strike{{At: s, Kind: "cut", Skipped: "cannot"}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got [][2]time.Duration
			for _, w := range windows(run.Plan{Strikes: c.strikes}, 9*s) {
				got = append(got, [2]time.Duration{w.From, w.Until})
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestLanesTellANodesLife(t *testing.T) {
	f := newFixture(1)
	s, err := readStory(t.Context(), f.write(t, run.Folder(t.TempDir())))
	require.NoError(t, err)
	lanes := s.lanes()
	at := func(node int, moment time.Duration) plots.Stretch {
		var found []plots.Stretch
		for _, stretch := range lanes[node].Stretches {
			if stretch.From <= moment && moment < stretch.Until {
				found = append(found, stretch)
			}
		}
		require.Lenf(t, found, 1, "one state at a time, node %d at %s", node, moment)
		return found[0]
	}
	believes := func(node int, moment time.Duration) int {
		for _, b := range lanes[node].Beliefs {
			if b.From <= moment && moment < b.Until {
				return b.Leader
			}
		}
		return -1
	}
	require.Equal(t, plots.Running, at(0, 10*time.Millisecond).State, "a run's beginning is no absence")
	require.Equal(t, plots.Leader, at(0, 5*time.Second).State)
	require.Equal(t, "term 2", at(0, 5*time.Second).Text)
	require.Equal(t, plots.Candidate, at(0, 25*time.Second).State)
	require.Equal(t, plots.Leader, at(1, 59*time.Second).State)
	require.Equal(t, "term 4", at(2, 39*time.Second).Text, "a follower's new term comes with its leader")
	require.Equal(t, plots.Down, at(2, 42*time.Second).State)
	require.Equal(t, plots.Follower, at(2, 50*time.Second).State)
	require.Equal(t, 0, believes(2, 5*time.Second))
	require.Equal(t, 1, believes(2, 35*time.Second))
	require.Equal(t, -1, believes(2, 42*time.Second), "a machine that is down believes nothing")
	require.Equal(t, 1, believes(2, 59*time.Second))
}

func TestNodesAreKnownByWhateverAddressTheyLog(t *testing.T) {
	live := &story{Result: Result{Run: run.Run{Machines: []run.Machine{
		{Name: "n1", Address: "127.0.0.1:8848", Role: "node"}, {Name: "n2", Address: "127.0.0.1:8858", Role: "node"},
	}}}}
	live.names = live.nodeNames()
	require.Equal(t, "n2", live.nodeName("127.0.0.1:8858"))
	require.Equal(t, "127.0.0.1:9999", live.nodeName("127.0.0.1:9999"), "a host that two nodes share names neither")

	simulated := &story{Result: Result{Run: run.Run{Machines: []run.Machine{{Name: "n1", Address: "10.0.0.1", Role: "node"}, {Name: "n2", Address: "10.0.0.2", Role: "node"}}}}}
	simulated.names = simulated.nodeNames()
	require.Equal(t, "n2", simulated.nodeName("10.0.0.2:7848"))
}

func TestAFollowerIsKnownByItsBelief(t *testing.T) {
	s := &story{Result: Result{Run: run.Run{Machines: []run.Machine{{Name: "n1", Role: "node"}, {Name: "n2", Role: "node"}}}}}
	s.timeline.Lasted = 10 * time.Second
	s.names = s.nodeNames()
	for _, node := range []string{"n1", "n2"} {
		s.events = append(s.events, run.NodeEvent{T: time.Second, Machine: node, Name: run.EventRaftLeader, Attributes: map[string]any{"leader": "n2", "term": 3.0}})
	}
	lanes := s.lanes()
	require.Equal(t, plots.Stretch{From: time.Second, Until: 10 * time.Second, State: plots.Follower, Text: "term 3"}, lanes[0].Stretches[1])
	require.Len(t, lanes[1].Stretches, 1, "a node that takes itself for the leader is no follower")
}
