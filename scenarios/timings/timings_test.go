package timings_test

import (
	"context"
	"flag"
	"path/filepath"
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

var (
	seedFlag       = flag.Uint64("seed", 1, "the seed of the experiments' runs")
	experimentFlag = flag.String("experiment", "", "run only this experiment")
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
func played(t *testing.T, e timings.Experiment, seed uint64, defects ...string) map[timing.Key]timing.Samples {
	t.Helper()
	programs, err := guests()
	require.NoError(t, err)
	folder := run.Folder(filepath.Join(t.TempDir(), "run"))
	stage := simulated.New(programs, simulated.Options{Trace: trace.Normal})
	defer func() { require.NoError(t, stage.Close()) }()
	scenario := e.Scenario(seed)
	scenario.Cluster = scenario.Cluster.With(defects...)
	_, err = scenarios.Drive(t.Context(), stage, scenario, seed, folder)
	require.NoError(t, err)
	samples, err := e.Measure(folder)
	require.NoError(t, err)
	return samples
}

// Each experiment, with one seed: what was measured of a real cluster is found, and what lies outside its spread has a reason.
func TestExperiments(t *testing.T) {
	for _, e := range timings.Catalog() {
		if *experimentFlag != "" && e.Name != *experimentFlag {
			continue
		}
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			for _, row := range timings.Table(played(t, e, *seedFlag)) {
				t.Logf("%-16s %s: %v | %v", row.Standing(), row.Key, row.Measured, row.Simulated)
			}
		})
	}
}
