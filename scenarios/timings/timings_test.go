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
	programs, err := guests()
	require.NoError(t, err)
	catalog := timings.Catalog()
	at := slices.IndexFunc(catalog, func(e timings.Experiment) bool { return e.Name == name })
	require.GreaterOrEqual(t, at, 0, "there is no experiment %s", name)
	folder := run.Folder(filepath.Join(t.TempDir(), "run"))
	stage := simulated.New(programs, simulated.Options{Trace: trace.Normal})
	defer func() { require.NoError(t, stage.Close()) }()
	scenario := catalog[at].Scenario(seed)
	scenario.Cluster = scenario.Cluster.With(defects...)
	_, err = scenarios.Drive(t.Context(), stage, scenario, seed, folder)
	require.NoError(t, err)
	samples, err := catalog[at].Measure(folder)
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
	names := []string{"expiry", "visibility", "pause", "nacos1-expiry"}
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
			require.GreaterOrEqual(t, compared, 4)
		})
	}
}

// What surprised in the real cluster comes up with the switches that bring it back, and does not without them.
func TestSurprises(t *testing.T) {
	const kept = "consensus/keepBrokenConnections"
	t.Run("a healed cut is not healed for raft", func(t *testing.T) {
		t.Parallel()
		after := func(defects ...string) timing.Row {
			return find(t, played(t, "isolate-follower-60s", 1, defects...), "after the heal: persistent instances caught up", "isolated")
		}
		// Raft tries a peer that has failed often every 10 s.
		require.Less(t, after().Simulated.Summary().Greatest, 15.0)
		require.Greater(t, after(kept).Simulated.Summary().Least, 35.0)
	})
	t.Run("a heal removes the living", func(t *testing.T) {
		t.Parallel()
		lost := func(defects ...string) float64 {
			return find(t, played(t, "isolate-follower-60s", 2, defects...), "after the heal: living HTTP instances removed", "any node").Simulated.Summary().Median
		}
		require.Zero(t, lost())
		require.NotZero(t, lost("distro/deleteFromAnyone", "distro/changeFromAnyone", "liveness/takeOverLastBeats"))
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
