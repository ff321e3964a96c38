package timings_test

import (
	"context"
	"flag"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"muster/model/run"
	"muster/model/timing"
	"muster/scenarios"
	"muster/scenarios/simulated"
	"muster/scenarios/timings"
	"muster/sim/trace"
)

// To look at one experiment closely: go test ./scenarios/timings -v -run Experiments -experiment isolate-leader-20s -seed 7
var (
	seedFlag       = flag.Uint64("seed", 1, "the seed of the experiments' runs")
	experimentFlag = flag.String("experiment", "", "run this experiment instead of those that stand for all")
)

// guests are built once for all tests.
var guests = sync.OnceValues(func() (*simulated.Programs, error) {
	root, err := scenarios.ModuleRoot(".")
	if err != nil {
		return nil, err
	}
	return simulated.BuildPrograms(context.Background(), root)
})

// played makes one run of an experiment, and measures it.
func played(t *testing.T, name string, seed uint64, defects ...string) []timing.Row {
	t.Helper()
	experiment := named(t, name)
	return playedAs(t, experiment.Profile, experiment, seed, defects...)
}

// named finds an experiment.
func named(t *testing.T, name string) timings.Experiment {
	t.Helper()
	catalog := timings.Catalog()
	at := slices.IndexFunc(catalog, func(e timings.Experiment) bool { return e.Name == name })
	require.GreaterOrEqual(t, at, 0, "there is no experiment %s", name)
	return catalog[at]
}

// playedAs does so with nodes of a profile that may be another than the experiment's.
func playedAs(t *testing.T, profile scenarios.Profile, experiment timings.Experiment, seed uint64, defects ...string) []timing.Row {
	t.Helper()
	programs, err := guests()
	require.NoError(t, err)
	experiment.Profile = profile
	folder := run.Folder(filepath.Join(t.TempDir(), "run"))
	stage := simulated.New(programs, simulated.Options{Trace: trace.Normal})
	defer func() { require.NoError(t, stage.Close()) }()
	scenario := experiment.Scenario(seed)
	scenario.Cluster = scenario.Cluster.With(defects...)
	_, err = scenarios.Drive(t.Context(), stage, scenario, seed, folder)
	require.NoError(t, err)
	samples, err := experiment.Measure(folder)
	require.NoError(t, err)
	return timings.Table(samples)
}

// find is the row of a quantity.
func find(t *testing.T, rows []timing.Row, quantity, at string) timing.Row {
	t.Helper()
	i := slices.IndexFunc(rows, func(r timing.Row) bool { return r.Quantity == quantity && r.At == at })
	require.GreaterOrEqual(t, i, 0, "no row of %s, %s", quantity, at)
	return rows[i]
}

// What was measured of a real cluster is found, and what lies outside its spread has a reason. `make timings` has all experiments, with
// many seeds.
func TestExperiments(t *testing.T) {
	names := []string{"expiry", "visibility", "pause", "udp-push", "nacos1-expiry", "nacos1-udp-push"}
	if *experimentFlag != "" {
		names = []string{*experimentFlag}
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			compared := 0
			for _, row := range played(t, name, *seedFlag) {
				t.Logf("%-16s %s: %v | %v %s", row.Standing(), row.Key, row.Measured, row.Simulated, row.Reason)
				require.False(t, row.Unexplained(), "%s: measured %v, simulated %v", row.Key, row.Measured, row.Simulated)
				if row.Standing() != timing.Unmeasured {
					compared++
				}
			}
			require.NotZero(t, compared)
		})
	}
}

// What surprised in the real cluster comes up with the switches that bring it back, and does not without them.
func TestSurprises(t *testing.T) {
	const (
		kept      = "consensus/keepBrokenConnections"
		forwarded = "consensus/forwardToFormerLeader"
	)
	believing := []string{"distro/deleteFromAnyone", "distro/changeFromAnyone", "liveness/takeOverLastBeats"}
	// value is the only sample of a row.
	value := func(t *testing.T, rows []timing.Row, quantity, at string) float64 {
		samples := find(t, rows, quantity, at).Simulated
		require.Equal(t, 1, samples.Count())
		return samples.Summary().Median
	}
	t.Run("a follower is cut off for 60 s", func(t *testing.T) {
		t.Parallel()
		const experiment, caughtUp, removed, refused = "isolate-follower-60s", "after the heal: persistent instances caught up",
			"after the heal: living HTTP instances removed", "refused writes that are listed in the end"
		right := played(t, experiment, 1)
		require.Less(t, value(t, right, caughtUp, "isolated"), 15.0, "raft tries a peer that has failed often every 10 s")
		require.Zero(t, value(t, right, removed, "any node"))
		require.Zero(t, value(t, right, refused, "all nodes"))

		broken := played(t, experiment, 1, kept, forwarded)
		require.Greater(t, value(t, broken, caughtUp, "isolated"), 35.0, "a healed cut is not healed for raft")
		require.Greater(t, value(t, broken, refused, "all nodes"), 100.0, "refused writes come true")
		require.Zero(t, value(t, broken, "acknowledged writes missing in the end", "all nodes"))

		broken = played(t, experiment, 1, believing...)
		require.NotZero(t, value(t, broken, removed, "any node"), "a heal removes the living")
	})
	t.Run("a follower of nodes like those of 1.x is cut off for 60 s", func(t *testing.T) {
		t.Parallel()
		harm := func(defects ...string) (caughtUp, removed, refused float64) {
			rows := playedAs(t, scenarios.Nacos1, named(t, "isolate-follower-60s"), 1, defects...)
			return value(t, rows, "after the heal: persistent instances caught up", "isolated"), value(t, rows, "after the heal: living HTTP instances removed", "any node"),
				value(t, rows, "refused writes that are listed in the end", "all nodes")
		}
		caughtUp, removed, refused := harm()
		require.Less(t, caughtUp, 15.0)
		require.Zero(t, removed)
		require.Zero(t, refused)
		caughtUp, removed, refused = harm(slices.Concat(believing, []string{kept, forwarded})...)
		require.Greater(t, caughtUp, 35.0)
		require.NotZero(t, removed)
		require.NotZero(t, refused)
	})
	t.Run("a leader is cut off for 20 s", func(t *testing.T) {
		t.Parallel()
		const experiment, unhealthy = "isolate-leader-20s", "after the heal: living HTTP instances turned unhealthy"
		require.Zero(t, value(t, played(t, experiment, 1), unhealthy, "any node"))
		require.NotZero(t, value(t, played(t, experiment, 1, believing...), unhealthy, "any node"), "a heal turns the living unhealthy")
	})
	t.Run("a link is cut for 60 s", func(t *testing.T) {
		t.Parallel()
		removed := func(defects ...string) int {
			return find(t, played(t, "one-way", 1, defects...), "removed: living HTTP instance", "third node").Simulated.Summary().N
		}
		require.Zero(t, removed())
		require.NotZero(t, removed(believing...), "who sees everybody drops the living, too")
	})
	t.Run("an owner of nodes like those of 1.x is killed", func(t *testing.T) {
		t.Parallel()
		removed := func(defects ...string) int {
			return find(t, played(t, "nacos1-kill-leader", 1, defects...), "beating instance of dead owner removed", "survivor").Simulated.Summary().N
		}
		require.Zero(t, removed())
		require.NotZero(t, removed("liveness/takeOverLastBeats"), "its heirs remove whom they have not heard")
	})
	t.Run("leaders are cut off one after the other", func(t *testing.T) {
		t.Parallel()
		const experiment = "isolate-leader-20s-soon-after-60s"
		known := func(defects ...string) timing.Samples {
			return find(t, played(t, experiment, 1, defects...), "new leader known", "follower").Simulated
		}
		right := known()
		require.Zero(t, right.Never)
		require.Less(t, right.Summary().Greatest, 10.0)
		require.Zero(t, known(kept).Summary().N, "a majority has no leader for as long as the cut lasts")
	})
	t.Run("a node starts slowly", func(t *testing.T) {
		t.Parallel()
		removed := func(defects ...string) timing.Samples {
			return find(t, played(t, "restart-one", 1, append(defects, "membership/startsSlowly")...), "after the start: living HTTP instances removed", "others").Simulated
		}
		require.Zero(t, removed().Summary().Greatest)
		require.NotZero(t, removed(believing...).Summary().Median, "its start removes the living everywhere")
	})
}

func TestEveryMeasurementBelongsToAnExperiment(t *testing.T) {
	names := map[string]bool{}
	for _, e := range timings.Catalog() {
		require.False(t, names[e.Name], "%s twice", e.Name)
		names[e.Name] = true
		require.NoError(t, e.Scenario(1).Validate())
		require.NotEqual(t, e.Scenario(1).Load, e.Scenario(2).Load, "%s is not shifted", e.Name)
		require.True(t, strings.HasSuffix(e.Claim, "."), e.Claim)
	}
	for _, key := range timings.Measured() {
		require.True(t, names[key.Experiment], key)
	}
}

func TestEveryReasonIsOfAKnownKind(t *testing.T) {
	kinds := timing.Kinds()
	for _, key := range timings.Measured() {
		for _, value := range []float64{-1000, 1000} {
			for _, row := range timings.Table(map[timing.Key]timing.Samples{key: {Values: []float64{value}}}) {
				if row.Key == key && row.Reason != "" {
					require.Contains(t, kinds, row.Kind, row.Reason)
				}
			}
		}
	}
}
