package scenarios

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/model/run"
)

// drawing is a scenario that leaves its plan to the seed.
func drawing(kinds ...run.Kind) Scenario {
	s := small()
	s.Lasts = 2 * time.Minute
	s.Draw = &Draw{From: 10 * time.Second, Until: 100 * time.Second, Kinds: kinds}
	return s
}

func TestDrawnPlansAreSoundAndEndQuietly(t *testing.T) {
	seen := map[run.Kind]bool{}
	for seed := range uint64(60) {
		s := drawing(sortedKeys(drawings)...).Drawn(seed)
		require.Nil(t, s.Draw, "what was drawn is not drawn again")
		require.NoError(t, s.Validate())
		require.Equal(t, s, drawing(sortedKeys(drawings)...).Drawn(seed), "one seed, one plan")
		inForce := map[run.Kind]bool{}
		families := map[run.Family]int{}
		for _, step := range s.Plan {
			kind := step.Fault.Kind
			seen[kind] = true
			require.LessOrEqual(t, step.At, 100*time.Second)
			for _, undone := range kind.Undoes() {
				if inForce[undone] {
					delete(inForce, undone)
					families[kind.Family()]--
				}
			}
			if kind.Lasts() {
				inForce[kind] = true
				families[kind.Family()]++
				require.Equal(t, 1, families[kind.Family()], "one of a family at a time")
			}
		}
		require.Empty(t, inForce, "all is undone in the end")
	}
	for _, kind := range sortedKeys(drawings) {
		require.True(t, seen[kind], "%s is never drawn", kind)
	}
	require.Equal(t, 10*time.Second, FirstStrike(drawing(run.KindKill), 1), "before anything is drawn")
	require.NotEqual(t, drawing(run.KindKill, run.KindPause).Drawn(1).Plan, drawing(run.KindKill, run.KindPause).Drawn(2).Plan)
}

func TestDrawSaysWhatIsWrong(t *testing.T) {
	for want, change := range map[string]func(*Scenario){
		"draws faults from 1m40s until 10s": func(s *Scenario) { s.Draw.From, s.Draw.Until = s.Draw.Until, s.Draw.From },
		"want a stretch within the run's":   func(s *Scenario) { s.Draw.Until = time.Hour },
		"draws from no kinds":               func(s *Scenario) { s.Draw.Kinds = nil },
		`draws "bit-rot": want kinds among`: func(s *Scenario) { s.Draw.Kinds = []run.Kind{run.KindBitRot} },
		"has a plan and draws one":          func(s *Scenario) { s.Plan = Plan{At(time.Second, Heal())} },
	} {
		s := drawing(run.KindKill)
		change(&s)
		require.ErrorContains(t, s.Validate(), want)
	}
}

func TestCutsComeAndGo(t *testing.T) {
	stage := &fakeStage{name: StageSimulated}
	scenario := small(At(2*time.Second, Flapping(Isolate(Node(1)), 1600*time.Millisecond)), At(5*time.Second, Heal()))
	_, err := Drive(t.Context(), stage, scenario, 1, run.Folder(t.TempDir()))
	require.NoError(t, err)
	require.Equal(t, []string{"2.8s: 1 false", "3.6s: 1 true", "4.4s: 1 false"}, stage.toggled)
}

// Every kind of fault that does harm is used by some scenario.
func TestCatalogUsesEveryKind(t *testing.T) {
	used := map[run.Kind]bool{}
	for _, s := range Catalog() {
		for _, kind := range s.Plan.Kinds() {
			used[kind] = true
		}
	}
	for _, kind := range run.Kinds() {
		require.True(t, used[kind], "no scenario has a %s", kind)
	}
}
