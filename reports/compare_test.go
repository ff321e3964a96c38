package reports

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"muster/checker"
	"muster/model/run"
)

// setOf one scenario with the figure failover_ms and the verdict on linearizability.
func setOf(verdict VerdictSet, failovers ...float64) Set {
	verdict.Property = checker.Linearizable
	one := ScenarioSet{Scenario: "leader-isolated", Stage: "simulated", Profile: "nacos2", Verdicts: []VerdictSet{verdict}}
	for i := range failovers {
		one.Seeds = append(one.Seeds, uint64(i+1))
	}
	if len(failovers) > 0 {
		one.Figures = []FigureSet{{Name: "failover_ms", Unit: "ms", LowerIsBetter: true, Values: failovers}}
	}
	return Set{Format: SetFormat, Scenarios: []ScenarioSet{one}}
}

// from makes count values from a first one on, step apart.
func from(first, step float64, count int) []float64 {
	var values []float64
	for i := range count {
		values = append(values, first+step*float64(i))
	}
	return values
}

func TestCompareJudgesFigures(t *testing.T) {
	holds := VerdictSet{Expected: checker.Holds, Holds: 20}
	for name, c := range map[string]struct {
		baseline, current []float64
		want              Judgement
	}{
		"equal seeds and unchanged code":                                {from(2000, 50, 20), from(2000, 50, 20), Same},
		"one of one, twice as slow":                                     {[]float64{2000}, []float64{4000}, TooFew},
		"two of two, all worse":                                         {from(2000, 100, 2), from(2900, 100, 2), TooFew},
		"three of three, all somewhat worse, and nothing else compared": {from(2000, 100, 3), from(2400, 100, 3), Regressed},
		"three of three, grossly worse":                                 {from(2000, 100, 3), from(9000, 100, 3), Regressed},
		"three against twenty, all worse":                               {from(2000, 10, 20), from(2400, 10, 3), Regressed},
		"twenty of twenty, shifted by a third":                          {from(2000, 50, 20), from(2800, 50, 20), Regressed},
		"twenty of twenty, better by a third":                           {from(2800, 50, 20), from(1900, 50, 20), Improved},
		"twenty of twenty, another draw of the same":                    {from(2000, 50, 20), from(2020, 50, 20), Unclear},
		"all worse, but by less than anybody would care about":          {from(2000, 1, 20), from(2030, 1, 20), Unclear},
		"one wild value among twenty":                                   {from(2000, 50, 20), append(from(2000, 50, 19), 60000), Unclear},
		"from nothing to something":                                     {from(0, 0, 5), from(500, 1, 5), Regressed},
	} {
		t.Run(name, func(t *testing.T) {
			comparison, err := Compare(setOf(holds, c.baseline...), setOf(holds, c.current...), CompareOptions{})
			require.NoError(t, err)
			require.Len(t, comparison.Figures, 1)
			require.Equalf(t, c.want, comparison.Figures[0].Judgement, "%s", comparison.Figures[0].Because)
			require.Equal(t, c.want == Regressed, comparison.Regressed())
		})
	}
}

func TestCompareKnowsFiguresThatShouldBeHigh(t *testing.T) {
	set := func(values []float64) Set {
		s := setOf(VerdictSet{Expected: checker.Holds, Holds: 5}, values...)
		s.Scenarios[0].Figures[0] = FigureSet{Name: "persistent_write_ok_count", Unit: "operations", Values: values}
		return s
	}
	comparison, err := Compare(set(from(1000, 10, 8)), set(from(500, 10, 8)), CompareOptions{})
	require.NoError(t, err)
	require.Equal(t, Regressed, comparison.Figures[0].Judgement)
	comparison, err = Compare(set(from(500, 10, 8)), set(from(1000, 10, 8)), CompareOptions{})
	require.NoError(t, err)
	require.Equal(t, Improved, comparison.Figures[0].Judgement)
	comparison, err = Compare(set(from(1000, 10, 3)), set(from(100, 10, 3)), CompareOptions{})
	require.NoError(t, err)
	require.Equal(t, Regressed, comparison.Figures[0].Judgement, "grossly fewer")
}

func TestManyFiguresDoNotCryWolf(t *testing.T) {
	// A hundred figures, one of which differs as one in a hundred does by chance.
	baseline, current := setOf(VerdictSet{Expected: checker.Holds, Holds: 5}), setOf(VerdictSet{Expected: checker.Holds, Holds: 5})
	for i := range 100 {
		before, now := from(1000, 100, 5), from(1010, 100, 5)
		if i == 50 {
			now = from(1410, 100, 5) // p = 0.008
		}
		name := "figure_" + strings.Repeat("x", i) + "_ms"
		baseline.Scenarios[0].Figures = append(baseline.Scenarios[0].Figures, FigureSet{Name: name, Unit: "ms", LowerIsBetter: true, Values: before})
		current.Scenarios[0].Figures = append(current.Scenarios[0].Figures, FigureSet{Name: name, Unit: "ms", LowerIsBetter: true, Values: now})
	}
	comparison, err := Compare(baseline, current, CompareOptions{})
	require.NoError(t, err)
	require.False(t, comparison.Regressed())
}

func TestCompareJudgesVerdicts(t *testing.T) {
	holds, violated := checker.Holds, checker.Violated
	for name, c := range map[string]struct {
		baseline, current VerdictSet
		want              Judgement
	}{
		"still holds":                               {VerdictSet{Expected: holds, Holds: 20}, VerdictSet{Expected: holds, Holds: 5}, Same},
		"a violation that never was":                {VerdictSet{Expected: holds, Holds: 20}, VerdictSet{Expected: holds, Holds: 4, Violated: 1}, Regressed},
		"undecided that never was":                  {VerdictSet{Expected: holds, Holds: 20}, VerdictSet{Expected: holds, Holds: 4, Undecided: 1}, Regressed},
		"undecided turned into violated":            {VerdictSet{Expected: holds, Undecided: 1}, VerdictSet{Expected: holds, Violated: 1}, Regressed},
		"an expected violation that does not come":  {VerdictSet{Expected: violated, Violated: 20}, VerdictSet{Expected: violated, Violated: 19, Holds: 1}, Regressed},
		"now and then violated, now too":            {VerdictSet{Expected: holds, Holds: 18, Violated: 2}, VerdictSet{Expected: holds, Holds: 4, Violated: 1}, Unclear},
		"now and then violated, now always":         {VerdictSet{Expected: holds, Holds: 18, Violated: 2}, VerdictSet{Expected: holds, Violated: 10}, Regressed},
		"always violated, now never":                {VerdictSet{Expected: holds, Violated: 20}, VerdictSet{Expected: holds, Holds: 20}, Improved},
		"nothing expected":                          {VerdictSet{Holds: 20}, VerdictSet{Violated: 20}, Unclear},
		"expectation turned round, and met":         {VerdictSet{Expected: violated, Violated: 20}, VerdictSet{Expected: holds, Holds: 20}, Improved},
		"expectation turned round, and not met yet": {VerdictSet{Expected: violated, Violated: 20}, VerdictSet{Expected: holds, Violated: 20}, Unclear},
	} {
		t.Run(name, func(t *testing.T) {
			comparison, err := Compare(setOf(c.baseline), setOf(c.current), CompareOptions{})
			require.NoError(t, err)
			require.Len(t, comparison.Verdicts, 1)
			require.Equalf(t, c.want, comparison.Verdicts[0].Judgement, "%s", comparison.Verdicts[0].Because)
		})
	}
}

func TestCompareReportsWhatCannotBeCompared(t *testing.T) {
	baseline := setOf(VerdictSet{Expected: checker.Holds, Holds: 2}, 2000, 2100)
	current := setOf(VerdictSet{Expected: checker.Holds, Holds: 1}, 2000)
	baseline.Scenarios = append(baseline.Scenarios, ScenarioSet{Scenario: "old", Stage: "simulated"})
	current.Scenarios = append(current.Scenarios, ScenarioSet{Scenario: "new", Stage: "live"})
	current.Scenarios[0].Verdicts = append(current.Scenarios[0].Verdicts, VerdictSet{Property: checker.Durable, Expected: checker.Holds, Holds: 1})
	current.Scenarios[0].Figures = nil
	comparison, err := Compare(baseline, current, CompareOptions{})
	require.NoError(t, err)
	require.False(t, comparison.Regressed())
	require.Equal(t, New, comparison.Verdicts[1].Judgement)
	require.Equal(t, Gone, comparison.Figures[0].Judgement)

	var text strings.Builder
	require.NoError(t, comparison.WriteMarkdown(&text))
	require.Contains(t, text.String(), "- leader-isolated: other seeds: the baseline has 1, 2, now 1\n")
	require.Contains(t, text.String(), "- old is in the baseline and was not run now\n")
	require.Contains(t, text.String(), "- new (live) is new")

	_, err = Compare(Set{}, current, CompareOptions{})
	require.ErrorContains(t, err, "the baseline holds no runs")
	_, err = Compare(baseline, Set{}, CompareOptions{})
	require.ErrorContains(t, err, "the current set holds no runs")
}

func TestMarkdownIsATable(t *testing.T) {
	baseline := setOf(VerdictSet{Expected: checker.Holds, Holds: 20}, from(2000, 50, 20)...)
	current := setOf(VerdictSet{Expected: checker.Holds, Holds: 19, Violated: 1, UnexpectedSeeds: []uint64{7}}, from(3200, 50, 20)...)
	comparison, err := Compare(baseline, current, CompareOptions{})
	require.NoError(t, err)
	var text strings.Builder
	require.NoError(t, comparison.WriteMarkdown(&text))
	require.True(t, strings.HasPrefix(text.String(), "## muster: 2 regressions\n"))
	require.Contains(t, text.String(), "| ❌ | leader-isolated | linearizable | 20 holds | 19 holds, 1 violated | violated once (seed 7), which never happened in the baseline |")
	require.Contains(t, text.String(), "2475 ms (2000 to 2950; 20) | 3675 ms (3200 to 4150; 20)")
	require.Contains(t, text.String(), "Wilcoxon-Mann-Whitney")
	columns := 0
	for line := range strings.Lines(text.String()) {
		if !strings.HasPrefix(line, "|") {
			columns = 0
			continue
		}
		if columns == 0 {
			columns = strings.Count(line, "|")
		}
		require.Equalf(t, columns, strings.Count(line, "|"), "as many cells in each row: %s", line)
	}
}

func TestABaselineFileIsTheSetItWasMadeOf(t *testing.T) {
	below := t.TempDir()
	folders := writeFolders(t, below, newFixture(2), newFixture(1), newFixture(3))
	path := filepath.Join(t.TempDir(), "baseline.json")
	require.NoError(t, WriteBaseline(path, folders))
	fromFile, err := ReadSet(path)
	require.NoError(t, err)
	fromFolders, err := ReadSet(below)
	require.NoError(t, err)
	require.Equal(t, fromFolders, fromFile)

	one := fromFile.Scenarios[0]
	require.Equal(t, []uint64{1, 2, 3}, one.Seeds)
	require.Equal(t, VerdictSet{Property: checker.LocalReads, Expected: checker.Violated, Violated: 3}, one.Verdicts[1])
	require.NotEmpty(t, one.Figures)

	comparison, err := Compare(fromFile, fromFolders, CompareOptions{})
	require.NoError(t, err)
	require.False(t, comparison.Regressed())
	for _, figure := range comparison.Figures {
		require.Equal(t, Same, figure.Judgement, figure.Baseline.Name)
	}
}

func TestReadSetSaysWhatIsWrong(t *testing.T) {
	folder := run.Folder(t.TempDir())
	for text, want := range map[string]string{
		`nothing`:       "is no baseline file",
		`{}`:            "baseline format 0: this build reads formats 1 to 1",
		`{"format": 7}`: "baseline format 7",
		`{"format": 1, "scenarios": [{"scenario": "x", "verdicts": [{"property": "durable", "holds": -1}]}]}`: "cannot be negative",
	} {
		require.NoError(t, folder.WriteFile("baseline.json", []byte(text)))
		_, err := ReadSet(folder.Path("baseline.json"))
		require.ErrorContains(t, err, want)
	}
	_, err := ReadSet(folder.Path("nowhere"))
	require.ErrorContains(t, err, "neither a baseline file nor a folder of runs")
	_, err = ReadSet(t.TempDir())
	require.ErrorContains(t, err, "no run folder here")
	require.ErrorContains(t, WriteBaseline(folder.Path("b.json"), nil), "a baseline of no runs")
}
