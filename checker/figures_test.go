package checker

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"muster/model"
	"muster/model/run"
)

func TestLatencies(t *testing.T) {
	s := persistentStory()
	for i := range 100 { // 1 ms, 2 ms, … 100 ms
		s.registers("c1", instance(1, "1"), float64(i), float64(i)+float64(i+1)/1000)
	}
	s.writes("c1", model.Register, instance(1, "2"), 100, 103, model.Unknown).writes("c1", model.Register, instance(1, "2"), 104, 104.5, model.Fail)
	s.observes("n1", 0, 10) // no load

	figures := Measure(s.input()).Operations
	require.Len(t, figures, 1)
	require.Equal(t, PersistentWrite, figures[0].Kind)
	require.Equal(t, [3]int{100, 1, 1}, [3]int{figures[0].OK, figures[0].Failed, figures[0].Unknown})
	require.Equal(t, &Latency{P50: 50, P95: 95, P99: 99, Max: 100}, figures[0].Latency)
}

func TestUnavailability(t *testing.T) {
	a := instance(1, "1")
	refused := func(s *story, from, to float64) *story {
		return s.writes("c2", model.Register, a, from, to, model.Unknown)
	}
	tests := []struct {
		name  string
		story *story
		want  []Window
	}{
		// ok  [-] [-] [-]
		{"all is well", persistentStory().registers("c1", a, 1, 1.1).registers("c1", a, 2, 2.1).registers("c1", a, 3, 3.1), nil},
		// ok  [-]            [-]
		//         [--- given up
		//           [--- given up
		{"from the first that was given up to the next success", refused(refused(persistentStory().registers("c1", a, 1, 1.1), 2, 5), 3, 6).registers("c1", a, 8, 8.5),
			[]Window{{From: 2000, To: 8500}}},
		// ok  [-]   [-]      [-]
		//         [--- given up
		{"given up while others succeeded", refused(persistentStory().registers("c1", a, 1, 1.1), 2, 5).registers("c1", a, 2.5, 2.6).registers("c1", a, 8, 8.5), nil},
		// ok  [-] [------------]
		{"a success that took long was waiting", persistentStory().registers("c1", a, 1, 1.1).registers("c1", a, 2, 8), []Window{{From: 2000, To: 8000}}},
		// ok  [------------]
		// ok          [-]
		{"waiting while others succeeded", persistentStory().registers("c1", a, 1, 4.9).registers("c2", a, 4, 4.1), []Window{{From: 1000, To: 4100}}},
		// ok  [-]
		//         [--- given up (the end)
		{"to the end", refused(persistentStory().registers("c1", a, 1, 1.1), 2, 5), []Window{{From: 2000, To: 5000}}},
		{"never available", refused(persistentStory(), 2, 5), []Window{{From: 2000, To: 5000}}},
		{"twice", refused(refused(persistentStory(), 2, 3).registers("c1", a, 4, 4.1), 5, 6).registers("c1", a, 7, 7.1),
			[]Window{{From: 2000, To: 4100}, {From: 5000, To: 7100}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := Measure(test.story.input()).Operations[0].Unavailable
			require.Equal(t, test.want, got.Windows)
			var total, longest float64
			for _, w := range test.want {
				total, longest = total+w.To-w.From, max(longest, w.To-w.From)
			}
			require.InDelta(t, total, got.Total, 0.001)
			require.InDelta(t, longest, got.Longest, 0.001)
		})
	}
}

func TestUnavailabilityByNode(t *testing.T) {
	s := persistentStory().registers("c1", instance(1, "1"), 1, 1.1).registers("c1", instance(1, "2"), 2.5, 2.6)
	s.does("c2", model.Register, "n2", 2, 5, model.Unknown, func(invoked, _ *model.Record) { i := instance(1, "3"); invoked.Instance = &i })
	figures := Measure(s.input()).Operations[0]
	require.Empty(t, figures.Unavailable.Windows, "the cluster was available")
	require.Equal(t, []NodeUnavailability{
		{Node: "n1"},
		{Node: "n2", Unavailability: Unavailability{Total: 3000, Longest: 3000, Windows: []Window{{From: 2000, To: 5000}}}},
	}, figures.NodesUnavailable)
}

func TestFailovers(t *testing.T) {
	leads := map[string]any{"state": "leader", "term": 2.0}
	follows := map[string]any{"state": "follower", "term": 3.0}
	a := instance(1, "1")
	s := persistentStory().
		logs(1, "n1", run.EventRaftState, leads).
		registers("c1", a, 9.9, 10.3). // invoked before the strike
		fault("isolate", 10, 40).
		writes("c1", model.Register, a, 11, 14, model.Unknown).
		logs(15.5, "n2", run.EventRaftState, leads).
		registers("c1", a, 14, 16.25).
		logs(41, "n1", run.EventRaftState, follows).
		fault("crash", 50, 60) // n1 leads no more
	write := 6250.0
	require.Equal(t, []Failover{{At: 10000, Text: "isolate n1", Elected: 5500, Write: &write}}, Measure(s.input()).Failovers)

	none := persistentStory().logs(1, "n1", run.EventRaftState, leads).fault("isolate", 10, 40).registers("c1", a, 14, 16.25)
	require.Empty(t, Measure(none.input()).Failovers, "nobody else became leader")
}

func TestConvergenceAndExpiryFigures(t *testing.T) {
	a, b := instance(1, "1"), instance(2, "1")
	s := ephemeralStory(160).fault("isolate", 10, 40).registers("c1", a, 1, 1.1).beats("c1", a, 5, 70).registers("c2", b, 1, 1.1).beats("c2", b, 5, 160).
		observes("n1", 2, 86, a, b).observes("n2", 2, 86, a, b).observes("n3", 2, 47, b).observes("n3", 47, 87, a, b).
		observes("n1", 86, 101, sick(a), b).observes("n2", 86, 101, sick(a), b).observes("n3", 87, 102, sick(a), b).
		observes("n1", 101, 160, b).observes("n2", 101, 160, b).observes("n3", 102, 160, b)
	figures := Measure(s.input())
	require.InDelta(t, 6500, *figures.Convergence, 0.001)
	require.Len(t, figures.Expiries, 3)
	require.Equal(t, "n1", figures.Expiries[0].Node)
	require.InDelta(t, 16000, *figures.Expiries[0].Unhealthy, 0.001)
	require.InDelta(t, 31000, *figures.Expiries[0].Removed, 0.001)
	require.InDelta(t, 32000, *figures.Expiries[2].Removed, 0.001)

	require.Nil(t, Measure(ephemeralStory(50).allObserve(0, 50, a).input()).Convergence, "no fault to converge after")
	apart := ephemeralStory(100).fault("isolate", 10, 40).observes("n1", 0, 100, a).observes("n2", 0, 100, a).observes("n3", 0, 100)
	require.Nil(t, Measure(apart.input()).Convergence, "views never became alike")
}

// TestFiguresAreStable holds the names in figures.json, which baselines and reports rely on.
func TestFiguresAreStable(t *testing.T) {
	convergence, write := 6500.0, 6250.0
	figures := Figures{
		Format: FiguresFormat,
		Operations: []OperationFigures{{
			Kind: PersistentWrite, OK: 100, Failed: 1, Unknown: 2, Latency: &Latency{P50: 1, P95: 2, P99: 3, Max: 4.5},
			Unavailable:      Unavailability{Total: 7, Longest: 5, Windows: []Window{{From: 1, To: 6}, {From: 8, To: 10}}},
			NodesUnavailable: []NodeUnavailability{{Node: "n1", Unavailability: Unavailability{Total: 7, Longest: 5}}},
		}},
		Failovers:   []Failover{{At: 10000, Text: "isolate n1 (leader)", Elected: 5500, Write: &write}},
		Convergence: &convergence,
		Expiries:    []ExpiryFigures{{Node: "n1", Service: "public/DEFAULT_GROUP/a", Instance: "10.0.0.1:80#DEFAULT", Unhealthy: &convergence, Removed: &write}},
	}
	text, err := json.MarshalIndent(figures, "", "  ")
	require.NoError(t, err)
	want, err := os.ReadFile(filepath.Join("testdata", "figures.json"))
	require.NoError(t, err)
	require.JSONEq(t, string(want), string(text))

	require.Equal(t, []Figure{
		{"persistent_write_latency_p50_ms", 1, "ms", true},
		{"persistent_write_latency_p95_ms", 2, "ms", true},
		{"persistent_write_latency_p99_ms", 3, "ms", true},
		{"persistent_write_latency_max_ms", 4.5, "ms", true},
		{"persistent_write_ok_count", 100, "operations", false},
		{"persistent_write_refused_count", 3, "operations", true},
		{"persistent_write_unavailable_total_ms", 7, "ms", true},
		{"persistent_write_unavailable_longest_ms", 5, "ms", true},
		{"election_ms", 5500, "ms", true},
		{"failover_ms", 6250, "ms", true},
		{"convergence_ms", 6500, "ms", true},
		{"expiry_unhealthy_max_ms", 6500, "ms", true},
		{"expiry_removed_max_ms", 6250, "ms", true},
	}, figures.Values())
	require.Empty(t, Figures{}.Values())
}
