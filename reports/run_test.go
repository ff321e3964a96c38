package reports

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"muster/checker"
	"muster/model/run"
)

// reportOf writes a fixture's folder and page, and parses the page.
func reportOf(t *testing.T, f fixture) (run.Folder, string, *html.Node) {
	t.Helper()
	folder := f.write(t, run.Folder(t.TempDir()))
	require.NoError(t, WriteRun(t.Context(), folder))
	text, root := parsePage(t, folder.Path(run.ReportFile))
	return folder, text, root
}

func parsePage(t *testing.T, path string) (string, *html.Node) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	root, err := html.Parse(strings.NewReader(string(text)))
	require.NoError(t, err)
	return string(text), root
}

// elements that pass, in the order of the page.
func elements(root *html.Node, pass func(*html.Node) bool) []*html.Node {
	var found []*html.Node
	for node := range root.Descendants() {
		if node.Type == html.ElementNode && pass(node) {
			found = append(found, node)
		}
	}
	return found
}

func attribute(node *html.Node, name string) string {
	for _, a := range node.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func byID(t *testing.T, root *html.Node, id string) *html.Node {
	t.Helper()
	found := elements(root, func(n *html.Node) bool { return attribute(n, "id") == id })
	require.Lenf(t, found, 1, "elements with the id %q", id)
	return found[0]
}

func textOf(node *html.Node) string {
	var text strings.Builder
	for one := range node.Descendants() {
		if one.Type == html.TextNode {
			text.WriteString(one.Data + " ")
		}
	}
	return strings.Join(strings.Fields(text.String()), " ")
}

// requireSelfContained holds that a page asks for nothing: every address in it is a fragment, a file of the folder, or data.
func requireSelfContained(t *testing.T, root *html.Node) {
	t.Helper()
	ids := map[string]bool{}
	for _, node := range elements(root, func(n *html.Node) bool { return attribute(n, "id") != "" }) {
		require.Falsef(t, ids[attribute(node, "id")], "two elements with the id %s", attribute(node, "id"))
		ids[attribute(node, "id")] = true
	}
	for node := range root.Descendants() {
		require.NotContains(t, []string{"img", "object", "embed", "audio", "video", "base"}, node.Data)
		for _, a := range node.Attr {
			switch a.Key {
			case "src", "href", "xlink:href", "action", "data":
				require.NotContainsf(t, a.Val, "//", "<%s %s>", node.Data, a.Key)
				require.Falsef(t, filepath.IsAbs(a.Val), "<%s %s=%s>", node.Data, a.Key, a.Val)
				if fragment, ok := strings.CutPrefix(a.Val, "#"); ok {
					require.Truef(t, ids[fragment], "<%s %s=%s> leads nowhere", node.Data, a.Key, a.Val)
				}
				if node.Data == "link" || node.Data == "script" {
					require.Equal(t, "data:,", a.Val)
				}
			}
		}
		if node.Type == html.ElementNode && node.Data == "style" {
			require.NotContains(t, textOf(node), "@import")
			require.NotContains(t, textOf(node), "url(")
		}
	}
}

func TestRunPageTellsEverything(t *testing.T) {
	f := newFixture(1)
	folder, text, root := reportOf(t, f)
	requireSelfContained(t, root)
	require.Less(t, len(text), 3_000_000)

	for _, v := range f.verdicts {
		shown := textOf(byID(t, root, "verdict-"+string(v.Property)))
		require.Contains(t, shown, string(v.Property)+" "+string(v.Outcome))
		require.Contains(t, shown, v.Guarantee)
		require.Contains(t, shown, v.Reason)
		if v.Expected != "" && v.Expected != v.Outcome {
			require.Contains(t, shown, "expected: "+string(v.Expected))
		}
		for _, e := range v.Evidence {
			require.Contains(t, shown, e.Text)
		}
	}
	faults := textOf(byID(t, root, "faults"))
	for _, strike := range f.plan().Strikes {
		require.Contains(t, faults, strike.Text)
		require.Contains(t, faults, strike.Evidence)
		require.Contains(t, faults, strike.Skipped)
	}
	require.Contains(t, faults, "crash n3 crash n3 45.000 s yes", "a crash lasts until the restart")
	require.Contains(t, faults, "30.000 s yes 312 packets", "an isolation lasts until the heal")
	require.Equal(t, f.run().Replay, textOf(byID(t, root, "replay")))
	require.Contains(t, textOf(byID(t, root, "members")), "n2 n1 is DOWN")
	identity := textOf(byID(t, root, "identity"))
	for _, want := range []string{"3c9909afec25354d551dae21590bb26e", "9f86d081884c7d65", "seed 1", "wazero v1.12.0", "0.2 ms to 1.4 ms"} {
		require.Contains(t, identity, want)
	}
	require.Contains(t, textOf(byID(t, root, "figures")), "first write after isolate n1 (leader)")

	frames := elements(root, func(n *html.Node) bool { return n.Data == "iframe" })
	require.Len(t, frames, 1)
	require.Equal(t, aViolation, attribute(frames[0], "srcdoc"), "the violation's picture survives its embedding")

	marks := elements(root, func(n *html.Node) bool { return strings.HasPrefix(attribute(n, "id"), "mark-") })
	require.Len(t, marks, 3, "one for each piece of evidence")
	for _, mark := range marks {
		require.Contains(t, attribute(mark, "style"), "left:")
	}
	for _, name := range []string{"availability", "latency", "leaders", "views", "clocks"} {
		byID(t, root, "picture-"+name)
		require.FileExists(t, folder.Path(run.PlotsFolder, name+".svg"))
	}
}

func TestEventsAreDrawnTogether(t *testing.T) {
	_, _, root := reportOf(t, newFixture(1))
	rows := elements(byID(t, root, "event-rows"), func(n *html.Node) bool { return n.Data == "tr" })
	s, err := readStory(t.Context(), newFixture(1).write(t, run.Folder(t.TempDir())))
	require.NoError(t, err)
	members, events, leftOut := s.tables()
	require.Zero(t, leftOut)
	require.Len(t, rows, len(events))
	require.Len(t, members, 3)

	repeated := s.events[len(s.events)-1]
	repeated.Name = run.EventDistroVerifyFailed
	for range 5 {
		s.events = append(s.events, repeated)
	}
	_, together, _ := s.tables()
	require.Len(t, together, len(events)+1)
	require.Equal(t, 5, together[len(together)-1].Count)
}

func TestRunPageIsTheSameEveryTime(t *testing.T) {
	folder, first, _ := reportOf(t, newFixture(3))
	require.NoError(t, WriteRun(t.Context(), folder))
	again, err := os.ReadFile(folder.Path(run.ReportFile))
	require.NoError(t, err)
	require.Equal(t, first, string(again))
}

func TestPicturesDrawEverySeries(t *testing.T) {
	s, err := readStory(t.Context(), newFixture(1).write(t, run.Folder(t.TempDir())))
	require.NoError(t, err)
	series := map[string][]string{}
	for _, picture := range s.pictures() {
		series[picture.Name] = picture.Series
	}
	require.Len(t, series["latency"], 13, "three outcomes of two kinds, two of three kinds, one of beats: %v", series["latency"])
	require.Len(t, series["views"], 6, "two panels of three nodes")
	require.Len(t, series["clocks"], 3)
	require.Equal(t, []string{"leader", "candidate", "follower", "running, role unknown", "down", "takes n1 for the leader", "takes n2 for the leader"}, series["leaders"])
	require.Contains(t, strings.Join(series["availability"], "\n"), "persistent writes: unavailable")
}

func TestViewsCountWhatANodeLacks(t *testing.T) {
	f := newFixture(1)
	s, err := readStory(t.Context(), f.write(t, run.Folder(t.TempDir())))
	require.NoError(t, err)
	views := s.views()
	require.Len(t, views, 3)
	checked := 0
	for _, v := range views[0].Views {
		if v.At > isolated+time.Second && v.At < healed {
			require.Equal(t, 12, v.Listed)
			require.Equal(t, 8, v.Missing, "four instances of each of two services")
			checked++
		}
	}
	require.Greater(t, checked, 50)
	unknown := 0
	for _, v := range views[2].Views {
		if !v.Known && v.At > 2*time.Second {
			require.True(t, v.At > crashed && v.At <= rebooted+time.Second, "unknown at %s", v.At)
			unknown++
		}
	}
	require.Positive(t, unknown, "a node that is down has no view")
}

func TestMissingFilesAreSaidToBeMissing(t *testing.T) {
	folder := run.Folder(t.TempDir())
	require.NoError(t, folder.WriteJSON(run.RunFile, newFixture(1).run()))
	require.NoError(t, folder.WriteJSON(run.PlanFile, run.Plan{Format: run.Format}))
	require.NoError(t, WriteRun(t.Context(), folder))
	_, root := parsePage(t, folder.Path(run.ReportFile))
	requireSelfContained(t, root)
	untold := textOf(byID(t, root, "untold"))
	for _, name := range []string{run.HistoryFile, run.LogsFolder, run.ClocksFile} {
		require.Contains(t, untold, name)
	}
	require.Contains(t, textOf(byID(t, root, "verdict-linearizable")), "undecided expected: holds Not judged. nobody has judged this run yet")
	require.Contains(t, textOf(byID(t, root, "faults")), "No fault was struck")
}

func TestAMissingPictureIsSaidToBeMissing(t *testing.T) {
	folder := newFixture(1).write(t, run.Folder(t.TempDir()))
	require.NoError(t, os.Remove(folder.Path("porcupine-orders.html")))
	require.NoError(t, WriteRun(t.Context(), folder))
	_, root := parsePage(t, folder.Path(run.ReportFile))
	require.Contains(t, textOf(byID(t, root, "untold")), "porcupine-orders.html")
}

func TestARunOfBrokenNodesSaysSo(t *testing.T) {
	f := newFixture(1)
	f.change = func(r *run.Run) { r.Options = map[string]string{"defects": "liveness/neverExpire"} }
	folder := f.write(t, run.Folder(t.TempDir()))
	require.NoError(t, WriteRun(t.Context(), folder))
	_, root := parsePage(t, folder.Path(run.ReportFile))
	require.Contains(t, textOf(byID(t, root, "defects")), "broken on purpose: liveness/neverExpire")

	result, err := ReadResult(folder)
	require.NoError(t, err)
	var table, junit strings.Builder
	require.NoError(t, Table(&table, []Result{result}, false))
	require.Contains(t, table.String(), "broken on purpose: liveness/neverExpire")
	require.NoError(t, WriteJUnit(&junit, []run.Folder{folder}))
	require.Contains(t, junit.String(), `name="defects" value="liveness/neverExpire"`)
	require.Contains(t, junit.String(), "nodes that were broken on purpose: liveness/neverExpire", "whoever sees only a failure's text learns of it")
}

func TestAnInterruptedRunSaysSo(t *testing.T) {
	f := newFixture(1)
	f.change = func(r *run.Run) { r.Interrupted = "n2 exited with status 2." }
	folder := f.write(t, run.Folder(t.TempDir()))
	require.NoError(t, os.Remove(folder.Path(run.VerdictsFile)))
	history, err := os.ReadFile(folder.Path(run.HistoryFile))
	require.NoError(t, err)
	require.NoError(t, folder.WriteFile(run.HistoryFile, history[:len(history)/2]))

	require.NoError(t, WriteRun(t.Context(), folder))
	_, root := parsePage(t, folder.Path(run.ReportFile))
	require.Contains(t, textOf(byID(t, root, "interrupted")), "n2 exited with status 2.")
	require.Contains(t, textOf(byID(t, root, "verdict-durable")), "the run was interrupted: n2 exited with status 2.")
	byID(t, root, "picture-latency")
}

func TestBrokenFoldersGetClearErrors(t *testing.T) {
	for name, broken := range map[string]struct {
		file, text string
		want       string
	}{
		"no run.json":           {"", "", "is no run folder: it holds no run.json"},
		"run.json cut short":    {run.RunFile, `{"format": 1, "sce`, "run.json: unexpected end"},
		"a later format":        {run.RunFile, `{"format": 99}`, "this build reads formats 1 to 1"},
		"plan is no JSON":       {run.PlanFile, `never`, "plan.json"},
		"history has no header": {run.HistoryFile, "", "no header line"},
		"history is garbled":    {run.HistoryFile, "{\"format\":1}\n{\"t\":\"soon\"}\n", "history line 2"},
		"verdicts are garbled":  {run.VerdictsFile, `[]`, "verdicts.json"},
		"figures are garbled":   {run.FiguresFile, `[]`, "figures.json"},
		"clocks are garbled":    {run.ClocksFile, "{}\n]\n", "clocks.jsonl:2"},
		"a log is garbled":      {filepath.Join(run.LogsFolder, "n2.jsonl"), "?\n", "n2.jsonl:1"},
	} {
		t.Run(name, func(t *testing.T) {
			folder := run.Folder(t.TempDir())
			if broken.file != "" {
				newFixture(1).write(t, folder)
				require.NoError(t, folder.WriteFile(broken.file, []byte(broken.text)))
			}
			err := WriteRun(t.Context(), folder)
			require.ErrorContains(t, err, broken.want)
			require.ErrorContains(t, err, string(folder), "the error names the folder")
		})
	}
}

func TestWhatCameFromARunCannotTakeOverThePage(t *testing.T) {
	const hostile = `</script><script>alert(1)</script>"'><img src="http://example.test/x">`
	f := newFixture(1)
	f.change = func(r *run.Run) { r.Claim, r.Options = hostile, map[string]string{hostile: hostile} }
	f.verdicts[0].Reason = hostile
	f.verdicts[3].Evidence[0].Text = hostile
	f.verdicts[1].Evidence[1].File = "../../etc/passwd.html"
	_, _, root := reportOf(t, f)
	requireSelfContained(t, root)
	require.Len(t, elements(root, func(n *html.Node) bool { return n.Data == "script" }), 1)
	require.Contains(t, textOf(byID(t, root, "verdict-linearizable")), "alert(1)")
	require.Empty(t, elements(root, func(n *html.Node) bool { return n.Data == "iframe" }), "a file outside the folder is not shown")
}

func TestALargeViolationIsLinked(t *testing.T) {
	folder := newFixture(1).write(t, run.Folder(t.TempDir()))
	require.NoError(t, folder.WriteFile("porcupine-orders.html", make([]byte, embedLimit+1)))
	require.NoError(t, WriteRun(t.Context(), folder))
	_, root := parsePage(t, folder.Path(run.ReportFile))
	require.Empty(t, elements(root, func(n *html.Node) bool { return n.Data == "iframe" }))
	require.Contains(t, textOf(byID(t, root, "violations")), "too large to be part of this page")
}

func TestWriteRunCanBeCancelled(t *testing.T) {
	folder := newFixture(1).write(t, run.Folder(t.TempDir()))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, WriteRun(ctx, folder), context.Canceled)
	require.NoFileExists(t, folder.Path(run.ReportFile))
}

func TestHeadline(t *testing.T) {
	verdict := func(outcome, expected checker.Outcome) checker.Verdict {
		return checker.Verdict{Outcome: outcome, Expected: expected}
	}
	for want, r := range map[string]Result{
		"all 2 verdicts as expected":   {Judged: true, Verdicts: []checker.Verdict{verdict(checker.Holds, checker.Holds), verdict(checker.Violated, checker.Violated)}},
		"1 property is undecided":      {Judged: true, Verdicts: []checker.Verdict{verdict(checker.Undecided, checker.Holds)}},
		"1 verdict is not as expected": {Judged: true, Verdicts: []checker.Verdict{verdict(checker.Holds, checker.Violated)}},
		"not judged":                   {},
	} {
		words, _ := headline(r)
		require.Equal(t, want, words)
	}
}
