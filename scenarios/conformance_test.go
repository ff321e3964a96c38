package scenarios_test

import (
	"context"
	"flag"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"muster/checker"
	"muster/model/run"
	"muster/scenarios"
	"muster/scenarios/simulated"
	"muster/sim/trace"
)

// The conformance suite: the catalog on the simulated stage, a seed each. Every scenario runs in the profile that it names first; in the
// other only where that decides what nodes do (see inNacos1). More seeds, and the rest of the profiles and protocols, are for make simulate,
// make verify and make regress. Runs that begin alike are simulated but once until they part. To look at one scenario closely:
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
	return verdictsOn(t, scenario, seed, folder)
}

// verdictsOn judges a run that has been made, and wants every fault of it to have been struck.
func verdictsOn(t *testing.T, scenario scenarios.Scenario, seed uint64, folder run.Folder) map[checker.Property]checker.Verdict {
	t.Helper()
	verdicts, _, err := checker.JudgeFolder(t.Context(), folder)
	require.NoError(t, err)
	plan, err := folder.ReadPlan()
	require.NoError(t, err)
	require.Len(t, plan.Strikes, len(scenario.Drawn(seed).Plan))
	for _, strike := range plan.Strikes {
		require.Truef(t, strike.Skipped == "" || strike.Ends(), "%s: simulated machines can suffer everything", strike.Text)
	}
	events, err := folder.NodeEvents()
	require.NoError(t, err)
	requireMembersAsAsked(t, scenario, plan, events)
	byProperty := map[checker.Property]checker.Verdict{}
	for _, verdict := range verdicts {
		byProperty[verdict.Property] = verdict
	}
	return byProperty
}

// inNacos1 are the scenarios that the suite runs in both profiles: in them the nodes' views part and come together again, or instances
// expire, which the generations do each in their own way.
var inNacos1 = []string{"long-isolation", "crash-restart", "silent-clients", "clock-skew"}

// suite is what the suite runs: the whole catalog, or the scenario of the flag in all its profiles.
func suite(t *testing.T) (jobs []scenarios.Job) {
	folder := t.TempDir()
	for _, scenario := range scenarios.Catalog() {
		for i, profile := range scenario.Profiles {
			switch {
			case *scenarioFlag != "" && scenario.Name != *scenarioFlag:
				continue
			case *scenarioFlag == "" && i > 0 && !slices.Contains(inNacos1, scenario.Name):
				continue
			}
			as, err := scenario.As(profile)
			require.NoError(t, err)
			jobs = append(jobs, scenarios.Job{
				Scenario: as, Seed: *seedFlag, Folder: run.Folder(filepath.Join(folder, scenario.Name+"-"+string(profile))),
			})
		}
	}
	require.NotEmptyf(t, jobs, "there is no scenario %q", *scenarioFlag)
	return jobs
}

func TestCatalog(t *testing.T) {
	jobs := suite(t)
	verdicts := make([]map[checker.Property]checker.Verdict, len(jobs))
	programs, err := guests()
	require.NoError(t, err)
	newStage := func() scenarios.Stage { return simulated.New(programs, simulated.Options{Trace: trace.Normal}) }
	workers := runtime.GOMAXPROCS(0)
	t.Run("runs", func(t *testing.T) {
		for _, family := range scenarios.Families(jobs, (len(jobs)+workers-1)/workers) {
			t.Run(jobs[family[0]].String(), func(t *testing.T) {
				t.Parallel()
				scenarios.Together(t.Context(), newStage, jobs, family, func(i int, err error) {
					if assert.NoError(t, err, jobs[i]) {
						verdicts[i] = verdictsOn(t, jobs[i].Scenario, jobs[i].Seed, jobs[i].Folder)
					}
				})
			})
		}
	})
	for i, job := range jobs {
		t.Run(job.Scenario.Name+" "+string(job.Scenario.Profiles[0]), func(t *testing.T) { asExpected(t, job, verdicts[i]) })
	}
}

// asExpected wants of a run the verdicts that its scenario expects.
func asExpected(t *testing.T, job scenarios.Job, verdicts map[checker.Property]checker.Verdict) {
	for property, expected := range job.Scenario.Expect {
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
		t.Logf("to look at it: muster simulate %s --seed %d --profile %s", job.Scenario.Name, job.Seed, job.Scenario.Profiles[0])
	}
}
