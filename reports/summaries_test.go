package reports

import (
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"muster/checker"
	"muster/model/run"
)

func resultsOf(t *testing.T, fixtures ...fixture) []Result {
	t.Helper()
	results, err := ReadResults(writeFolders(t, t.TempDir(), fixtures...))
	require.NoError(t, err)
	return results
}

// asExpected is a fixture all of whose verdicts are the ones expected.
func asExpected(seed uint64) fixture {
	f := newFixture(seed)
	f.scenario = "calm"
	f.verdicts = f.verdicts[:3]
	f.change = func(r *run.Run) {
		r.Expect = map[string]string{"linearizable": "holds", "local-reads-linearizable": "violated", "durable": "holds"}
	}
	return f
}

// A table of runs that are judged by everything is the widest.
func TestTheWidestTableFitsATerminal(t *testing.T) {
	f := newFixture(1000)
	f.scenario = "connections-rolling-restarts"
	f.verdicts = nil
	for _, property := range checker.Properties {
		f.verdicts = append(f.verdicts, checker.Verdict{Property: property, Outcome: checker.Holds})
	}
	f.change = func(r *run.Run) { r.Lasted, r.Cost.CPU = 300*time.Second, time.Second }
	var text strings.Builder
	require.NoError(t, Table(&text, resultsOf(t, f), false))
	for _, line := range strings.Split(text.String(), "\n")[:3] {
		require.LessOrEqual(t, utf8.RuneCountInString(line), 120, line)
		require.Greater(t, utf8.RuneCountInString(line), 115, line)
	}
}

func TestTable(t *testing.T) {
	results := resultsOf(t, newFixture(12), newFixture(7), asExpected(7))
	var text strings.Builder
	require.NoError(t, Table(&text, results, false))
	require.NotContains(t, text.String(), "\x1b")
	for line := range strings.Lines(text.String()) {
		if !strings.Contains(line, string(filepath.Separator)) {
			require.LessOrEqualf(t, utf8.RuneCountInString(strings.TrimRight(line, "\n")), 120, "%s", line)
		}
	}
	lines := strings.Split(text.String(), "\n")
	require.Equal(t, []string{"scenario", "seed", "linear", "local", "durable", "converg", "no-loss", "expiry", "lasted", "speed"}, strings.Fields(lines[0]))
	require.Equal(t, []string{"calm", "7", "✓", "✗", "✓", "–", "–", "–", "60", "s", "12.0", "×"}, strings.Fields(lines[2]))
	require.Equal(t, []string{"leader-isolated", "7", "✓", "✗", "✓", "✗!", "?!", "?", "60", "s", "12.0", "×"}, strings.Fields(lines[3]))
	require.Equal(t, "12", strings.Fields(lines[4])[0])
	require.Contains(t, text.String(), "leader-isolated seed 7: converged is VIOLATED, expected holds: n3 lacked 2 instances until the end.\n")
	require.Contains(t, text.String(), "leader-isolated seed 12: no-loss is UNDECIDED, expected holds")
	require.Contains(t, text.String(), "3 runs, 2 of them not as expected\n")

	var colourful strings.Builder
	require.NoError(t, Table(&colourful, results[2:], true))
	require.Contains(t, colourful.String(), "\x1b[32m✓")
	require.Contains(t, colourful.String(), "1 run, every verdict as expected\n")
}

func TestTableOfARunThatNobodyJudged(t *testing.T) {
	folder := newFixture(5).write(t, run.Folder(t.TempDir()))
	require.NoError(t, os.Remove(folder.Path(run.VerdictsFile)))
	results, err := ReadResults([]run.Folder{folder})
	require.NoError(t, err)
	require.False(t, results[0].AsExpected())
	var text strings.Builder
	require.NoError(t, Table(&text, results, false))
	require.Contains(t, text.String(), "leader-isolated seed 5 was not judged\n")
	require.Contains(t, text.String(), "1 run, 1 of them not as expected")
}

func TestResultsNameEveryBrokenFolder(t *testing.T) {
	good := newFixture(1).write(t, run.Folder(t.TempDir()))
	_, err := ReadResults([]run.Folder{"nowhere/one", good, "nowhere/two"})
	require.ErrorContains(t, err, "nowhere/one is no run folder")
	require.ErrorContains(t, err, "nowhere/two is no run folder")
}

func TestJUnit(t *testing.T) {
	folders := writeFolders(t, t.TempDir(), newFixture(7), newFixture(8), asExpected(7))
	var text strings.Builder
	require.NoError(t, WriteJUnit(&text, folders))

	var parsed struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
		Skipped  int `xml:"skipped,attr"`
		Suites   []struct {
			Name       string `xml:"name,attr"`
			Tests      int    `xml:"tests,attr"`
			Properties []struct {
				Name  string `xml:"name,attr"`
				Value string `xml:"value,attr"`
			} `xml:"properties>property"`
			Cases []struct {
				Name       string `xml:"name,attr"`
				Classname  string `xml:"classname,attr"`
				Time       string `xml:"time,attr"`
				Properties []struct {
					Name  string `xml:"name,attr"`
					Value string `xml:"value,attr"`
				} `xml:"properties>property"`
				Failure *struct {
					Message string `xml:"message,attr"`
					Text    string `xml:",chardata"`
				} `xml:"failure"`
				Error   *struct{} `xml:"error"`
				Skipped *struct{} `xml:"skipped"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	require.NoError(t, xml.Unmarshal([]byte(text.String()), &parsed))
	require.Len(t, parsed.Suites, 2)
	require.Equal(t, []int{15, 2, 2, 2}, []int{parsed.Tests, parsed.Failures, parsed.Errors, parsed.Skipped})
	calm, leader := parsed.Suites[0], parsed.Suites[1]
	require.Equal(t, "calm", calm.Name)
	require.Equal(t, 3, calm.Tests)
	require.Equal(t, "leader-isolated", leader.Name)
	require.Contains(t, fmt.Sprint(leader.Properties), "{seeds 7, 8}")

	passed, failed, undecided, skipped := leader.Cases[1], leader.Cases[3], leader.Cases[4], leader.Cases[5]
	require.Equal(t, "local-reads-linearizable (seed 7)", passed.Name)
	require.True(t, passed.Failure == nil && passed.Error == nil && passed.Skipped == nil, "an expected violation passes")
	require.Equal(t, "0.667", passed.Time)
	require.Equal(t, "muster.leader-isolated", passed.Classname)
	require.Contains(t, fmt.Sprint(passed.Properties), "{seed 7}")
	require.Equal(t, "violated, expected holds: n3 lacked 2 instances until the end.", failed.Failure.Message)
	require.Contains(t, failed.Failure.Text, "at 55.000 s: n3 lists 8 of 10")
	require.Contains(t, failed.Failure.Text, "replay: make simulate SCENARIO=leader-isolated SEED=7")
	require.NotNil(t, undecided.Error)
	require.NotNil(t, skipped.Skipped)
}

func TestIndex(t *testing.T) {
	out := t.TempDir()
	interrupted := newFixture(3)
	interrupted.change = func(r *run.Run) { r.Interrupted = "the clients' machine stopped" }
	folders := writeFolders(t, filepath.Join(out, "runs"), newFixture(2), newFixture(1), interrupted, asExpected(1))
	require.NoError(t, WriteIndex(t.Context(), out, folders))
	text, root := parsePage(t, filepath.Join(out, IndexFile))
	requireSelfContained(t, root)

	require.Contains(t, textOf(byID(t, root, "calm")), "1 run as expected")
	require.Regexp(t, `calm 1 run as expected.* leader-isolated 3 of 3 runs not as expected [\d.]+ s`, textOf(byID(t, root, "overview")))
	leader := byID(t, root, "leader-isolated")
	require.Contains(t, textOf(leader), "3 of 3 runs not as expected")
	require.Contains(t, textOf(leader), "Seed 3 was interrupted: the clients' machine stopped")
	require.Contains(t, textOf(leader), "failover")
	cells := elements(leader, func(n *html.Node) bool { return strings.HasPrefix(attribute(n, "class"), "cell ") })
	require.Len(t, cells, 3*6, "a cell for each seed and property")
	require.Equal(t, "runs/leader-isolated-1/report.html#verdict-linearizable", attribute(cells[0], "href"))
	require.Equal(t, "cell good", attribute(cells[0], "class"))
	require.Contains(t, attribute(cells[9], "title"), "seed 1: converged violated, expected holds")
	for _, name := range []string{"failover", "unavailable-persistent-writes", "convergence"} {
		byID(t, root, "picture-"+name)
		require.FileExists(t, filepath.Join(out, run.PlotsFolder, name+".svg"))
	}

	require.NoError(t, WriteIndex(t.Context(), out, []run.Folder{folders[3], folders[1], folders[0], folders[2]}))
	again, err := os.ReadFile(filepath.Join(out, IndexFile))
	require.NoError(t, err)
	require.Equal(t, text, string(again), "whatever the order of the folders")
}

func TestIndexOfNothing(t *testing.T) {
	out := t.TempDir()
	require.NoError(t, WriteIndex(t.Context(), out, nil))
	text, root := parsePage(t, filepath.Join(out, IndexFile))
	requireSelfContained(t, root)
	require.Contains(t, text, "There are no runs here.")
}

func TestEveryPropertyHasANarrowColumn(t *testing.T) {
	for _, property := range checker.Properties {
		require.NotEmptyf(t, columns[property], "%s", property)
		require.LessOrEqualf(t, len(columns[property]), 8, "%s", property)
	}
}

// overGRPC is a fixture whose clients speak gRPC.
func overGRPC(seed uint64) fixture {
	f := asExpected(seed)
	change := f.change
	f.change = func(r *run.Run) { change(r); r.Protocol = "grpc" }
	return f
}

func TestRunsOverDifferentProtocolsStandApart(t *testing.T) {
	below := t.TempDir()
	folders := append(writeFolders(t, filepath.Join(below, "http"), asExpected(7)), writeFolders(t, filepath.Join(below, "grpc"), overGRPC(7))...)
	results, err := ReadResults(folders)
	require.NoError(t, err)
	var text strings.Builder
	require.NoError(t, Table(&text, results, false))
	require.Regexp(t, `(?m)^ *calm +7 `, text.String())
	require.Regexp(t, `(?m)^ *calm \[grpc\] +7 `, text.String())
	text.Reset()
	require.NoError(t, WriteJUnit(&text, folders))
	require.Contains(t, text.String(), `<testsuite name="calm" `)
	require.Contains(t, text.String(), `<testsuite name="calm [grpc]" `)
	require.Contains(t, text.String(), `<property name="protocol" value="grpc">`)
	require.Contains(t, text.String(), `classname="muster.calm"`)
	require.Contains(t, text.String(), `classname="muster.calm-grpc"`)

	// Compared, neither stands for the other, in a baseline file as in memory.
	file := filepath.Join(below, "baseline.json")
	require.NoError(t, WriteBaseline(file, folders[:1]))
	plain, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NotContains(t, string(plain), "protocol", "a set over HTTP is written as it was before there were protocols")
	baseline, err := ReadSet(file)
	require.NoError(t, err)
	comparison, err := Compare(baseline, NewSet(results[1:]), CompareOptions{})
	require.NoError(t, err)
	require.Empty(t, comparison.Verdicts)
	require.Contains(t, comparison.Notes, "calm is in the baseline and was not run now")
	require.Contains(t, comparison.Notes, "calm [grpc] is new: the baseline does not have it, so nothing is judged")
	require.NoError(t, WriteBaseline(file, folders))
	both, err := ReadSet(file)
	require.NoError(t, err)
	require.Equal(t, NewSet(results), both)
}

func TestRunPageNamesTheProtocol(t *testing.T) {
	folder := overGRPC(7).write(t, run.Folder(t.TempDir()))
	require.NoError(t, WriteRun(t.Context(), folder))
	page, err := os.ReadFile(folder.Path(run.ReportFile))
	require.NoError(t, err)
	require.Contains(t, string(page), "<title>calm over grpc, seed 7")
	require.Contains(t, string(page), "nacos2 · clients over grpc · seed 7")
}

// A future of seed 7 is not taken for an ordinary run with the same seed.
func TestFuturesAreToldFromOrdinaryRuns(t *testing.T) {
	future := asExpected(8)
	set := future.change
	future.change = func(r *run.Run) {
		set(r)
		r.Fork = &run.Fork{Seed: 7, At: 20 * time.Second, Of: &run.Fork{Seed: 5, At: time.Second}}
	}
	results := resultsOf(t, future)
	var table strings.Builder
	require.NoError(t, Table(&table, results, false))
	require.Contains(t, table.String(), "5→7→8")
	page, err := indexOf(t.TempDir(), results)
	require.NoError(t, err)
	require.Equal(t, "5→7→8", page.Scenarios[0].Runs[0].Seed)
}

// Runs that were broken on purpose stand apart from healthy ones, and a comparison with them says so.
func TestRunsThatWereBrokenOnPurposeStandApart(t *testing.T) {
	broken := asExpected(7)
	set := broken.change
	broken.change = func(r *run.Run) {
		set(r)
		r.Options = map[string]string{run.OptionDefects: "distro/skipSync"}
	}
	below := t.TempDir()
	folders := append(writeFolders(t, filepath.Join(below, "healthy"), asExpected(7)), writeFolders(t, filepath.Join(below, "broken"), broken)...)
	results, err := ReadResults(folders)
	require.NoError(t, err)
	page, err := indexOf(below, results)
	require.NoError(t, err)
	require.Len(t, page.Scenarios, 2)
	require.Equal(t, "calm", page.Scenarios[0].Title)
	require.Equal(t, "calm [broken on purpose: distro/skipSync]", page.Scenarios[1].Title)

	var table strings.Builder
	require.NoError(t, Table(&table, results, false))
	require.Regexp(t, `(?m)^ *calm \[broken on purpose: +7 .*\n *distro/skipSync\] `, table.String(), "no word is cut")

	healthy, sick := NewSet(results[:1]), NewSet(results[1:])
	for _, c := range []struct {
		baseline, current Set
		want              []string
	}{
		{healthy, healthy, nil},
		{sick, sick, nil},
		{healthy, sick, []string{"calm: not the same nodes: in the baseline ours, healthy, now broken on purpose: distro/skipSync"}},
		{sick, healthy, []string{"calm: not the same nodes: in the baseline broken on purpose: distro/skipSync, now ours, healthy"}},
		{healthy, NewSet(results), []string{"calm [broken on purpose: distro/skipSync] is new: the baseline does not have it, so nothing is judged"}},
	} {
		comparison, err := Compare(c.baseline, c.current, CompareOptions{})
		require.NoError(t, err)
		require.Equal(t, c.want, comparison.Notes)
		require.NotEmpty(t, comparison.Verdicts)
	}
}

// What nobody can tell because a run ended early has one reason, which is told once, with the whole path of the log that it names.
func TestTableOfARunThatEndedEarly(t *testing.T) {
	verdict := func(property checker.Property, outcome checker.Outcome) checker.Verdict {
		return checker.Verdict{Property: property, Outcome: outcome, Expected: checker.Holds, Reason: "of " + string(property)}
	}
	result := Result{Folder: "out/calm-seed1", Judged: true, Run: run.Run{
		Scenario: "calm", Seed: 1, Interrupted: "the program on n1 ended: exit status 3 (what it said is in logs/n1.jsonl)",
	}}
	early := "calm seed 1 ended early, with %s undecided: the program on n1 ended: exit status 3 (what it said is in out/calm-seed1/logs/n1.jsonl)\n" +
		"    out/calm-seed1\n"
	for name, test := range map[string]struct {
		verdicts []checker.Verdict
		want     []string
		never    string
	}{
		"all undecided": {
			[]checker.Verdict{verdict(checker.Durable, checker.Undecided), verdict(checker.NoLoss, checker.Undecided)},
			[]string{fmt.Sprintf(early, "2 properties")}, "UNDECIDED",
		},
		"one violated": {
			[]checker.Verdict{verdict(checker.Durable, checker.Violated), verdict(checker.NoLoss, checker.Undecided)},
			[]string{fmt.Sprintf(early, "1 property"), "durable is VIOLATED, expected holds: of durable"}, "UNDECIDED",
		},
		"none undecided": {[]checker.Verdict{verdict(checker.Durable, checker.Holds)}, nil, "ended early"},
	} {
		result.Verdicts = test.verdicts
		var text strings.Builder
		require.NoError(t, Table(&text, []Result{result}, false), name)
		for _, want := range test.want {
			require.Contains(t, text.String(), want, name)
		}
		require.NotContains(t, text.String(), test.never, name)
	}
	require.Empty(t, Result{Folder: "out"}.EndedEarly())
}
