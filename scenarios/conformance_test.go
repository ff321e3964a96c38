package scenarios_test

import (
	"context"
	"flag"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"muster/checker"
	"muster/model/run"
	"muster/scenarios"
	"muster/scenarios/simulated"
	"muster/sim/trace"
)

// The conformance suite: the whole catalog in each of its profiles on the simulated stage, a seed each. To look at one scenario closely:
//
//	go test ./scenarios -run Catalog -scenario leader-isolated -seed 7
var (
	seedFlag     = flag.Uint64("seed", 1, "the seed of the catalog's runs")
	scenarioFlag = flag.String("scenario", "", "run only this scenario of the catalog")
)

// guests are built once for all tests.
var guests = sync.OnceValues(func() (*simulated.Programs, error) {
	root, err := scenarios.ModuleRoot(".")
	if err != nil {
		return nil, err
	}
	return simulated.BuildPrograms(context.Background(), root)
})

// play makes one run on the simulated stage.
func play(t *testing.T, scenario scenarios.Scenario, seed uint64, level trace.Level) (run.Run, run.Folder) {
	t.Helper()
	programs, err := guests()
	require.NoError(t, err)
	folder := run.Folder(filepath.Join(t.TempDir(), "run"))
	stage := simulated.New(programs, simulated.Options{Trace: level})
	defer func() { require.NoError(t, stage.Close()) }()
	result, err := scenarios.Drive(t.Context(), stage, scenario, seed, folder)
	require.NoErrorf(t, err, "%s with seed %d", scenario.Name, seed)
	return result, folder
}

// judged makes one run and returns its verdicts by property.
func judged(t *testing.T, scenario scenarios.Scenario, seed uint64) map[checker.Property]checker.Verdict {
	t.Helper()
	_, folder := play(t, scenario, seed, trace.Normal)
	verdicts, _, err := checker.JudgeFolder(t.Context(), folder)
	require.NoError(t, err)
	plan, err := folder.ReadPlan()
	require.NoError(t, err)
	require.Len(t, plan.Strikes, len(scenario.Drawn(seed).Plan))
	for _, strike := range plan.Strikes {
		require.Truef(t, strike.Skipped == "" || strike.Ends(), "%s: simulated machines can suffer everything", strike.Text)
	}
	byProperty := map[checker.Property]checker.Verdict{}
	for _, verdict := range verdicts {
		byProperty[verdict.Property] = verdict
	}
	return byProperty
}

// profiled is each scenario once for each of its profiles.
func profiled(t *testing.T, catalog []scenarios.Scenario) (all []scenarios.Scenario) {
	for _, scenario := range catalog {
		for _, profile := range scenario.Profiles {
			as, err := scenario.As(profile)
			require.NoError(t, err)
			all = append(all, as)
		}
	}
	return all
}

func TestCatalog(t *testing.T) {
	catalog := scenarios.Catalog()
	if *scenarioFlag != "" {
		one, err := scenarios.Find(*scenarioFlag)
		require.NoError(t, err)
		catalog = []scenarios.Scenario{one}
	}
	for _, scenario := range profiled(t, catalog) {
		t.Run(scenario.Name+" "+string(scenario.Profiles[0]), func(t *testing.T) {
			t.Parallel()
			verdicts := judged(t, scenario, *seedFlag)
			for property, expected := range scenario.Expect {
				verdict := verdicts[property]
				if verdict.Outcome == expected {
					continue
				}
				t.Errorf("%s is %s, not %s: %s", property, verdict.Outcome, expected, verdict.Reason)
				for _, evidence := range verdict.Evidence {
					t.Logf("  %v %s", evidence.T, evidence.Text)
				}
			}
			if t.Failed() {
				t.Logf("to look at it: muster simulate %s --seed %d --profile %s", scenario.Name, *seedFlag, scenario.Profiles[0])
			}
		})
	}
}
