package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/checker"
	"muster/model"
	"muster/model/run"
	"muster/reports"
	"muster/scenarios"
	"muster/sim/trace"
)

// invoke runs a command line and returns what it left.
func invoke(t *testing.T, arguments ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	code = execute(t.Context(), arguments, &out, &err)
	return code, out.String(), err.String()
}

// ownScenario writes a file with scenarios that are like calm but for their names.
func ownScenario(t *testing.T, names ...string) string {
	var own []scenarios.Scenario
	for _, name := range names {
		s := scenarios.Catalog()[0]
		s.Name = name
		own = append(own, s)
	}
	text, err := json.Marshal(own)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "own.json")
	require.NoError(t, os.WriteFile(path, text, 0o666))
	return path
}

func TestScenariosOfFilesAreChosen(t *testing.T) {
	chosen, err := choose([]string{"split", ownScenario(t, "mine", "yours"), "split"})
	require.NoError(t, err)
	var names []string
	for _, s := range chosen {
		names = append(names, s.Name)
	}
	require.Equal(t, []string{"split", "mine", "yours"}, names)
}

func TestWrongCommandLines(t *testing.T) {
	empty := t.TempDir()
	mine, other, both := ownScenario(t, "mine"), ownScenario(t, "mine"), ownScenario(t, "mine", "yours")
	cases := []struct {
		arguments []string
		want      string
	}{
		{[]string{"simulat"}, `unknown command "simulat"`},
		{[]string{"help", "nosuch"}, `unknown command "nosuch"`},
		{[]string{"simulate", "leader-isolatd"}, "did you mean leader-isolated?"},
		{[]string{"simulate", "--seeds", "0"}, "--seeds 0: want at least 1"},
		{[]string{"simulate", "--jobs", "0"}, "--jobs 0: want at least 1"},
		{[]string{"simulate", "--seeds", "abc"}, `invalid argument "abc" for "--seeds" flag: want a whole number such as 4`},
		{[]string{"fork", "--seeds", "1.5"}, `invalid argument "1.5" for "--seeds" flag: want a whole number such as 4`},
		{[]string{"simulate", "-j", "two"}, `invalid argument "two" for "-j, --jobs" flag: want a whole number such as 4`},
		{[]string{"simulate", "--seed", "x"}, `invalid argument "x" for "--seed" flag: want a whole number such as 7`},
		{[]string{"simulate", "calm", "--defect", "liveness/nope"}, "--defect liveness/nope: there is none of that name; want one of connected/neverRedo"},
		{[]string{"simulate", "calm", "--defect", "liveness/neverExpir"}, "--defect liveness/neverExpir: there is none of that name: did you mean liveness/neverExpire?\n"},
		{[]string{"simulate", "calm", "--defect", "neverexpire"}, "did you mean liveness/neverExpire?\n"},
		{[]string{"scenarios", "nothing-like-it"}, "`muster scenarios` lists those that there are"},
		{[]string{"live"}, "muster live wants a SCENARIO (muster scenarios lists them) or the file of one, for example:\n  muster live leader-killed\n"},
		{[]string{"simulate", "nowhere.json"}, "scenario: open nowhere.json"},
		{[]string{"simulate", mine, other}, "both have a scenario mine: want other names"},
		{[]string{"live", both}, both + " holds 2 scenarios: want a file with one"},
		{[]string{"live", "clam"}, "did you mean calm?"},
		{[]string{"live", "calm", "--target", "localhost"}, `--target: "localhost": want the addresses of all nodes, such as 10.0.0.1:8848,10.0.0.2:8848`},
		{[]string{"live", "calm", "--target", "localhost:1", "--defect", "liveness/neverExpire"}, "--defect is for nodes that are started here"},
		{[]string{"live", "leader-killed", "--target", "localhost:1"},
			"leader-killed is about faults, and a target is not harmed: want a scenario without any: calm, "},
		{[]string{"live", "anything-goes", "--target", "localhost:1"}, "anything-goes is about faults"},
		{[]string{"conformance", "--target", "localhost"}, `--target: "localhost": want the addresses of all nodes`},
		{[]string{"completion", "tcsh"}, `there is no completion for "tcsh": want bash, fish, powershell or zsh`},
		{[]string{"compare"}, "muster compare wants two sets of runs, BASELINE and CURRENT: folders that hold runs, or baseline files, for example:\n  muster compare"},
		{[]string{"compare", "--write", "x", "a", "b"}, "muster compare --write wants one set of runs"},
		{[]string{"live", "calm", "--username", "shop"}, "--username and --password are for a --target"},
		{[]string{"live", "calm", "--target", "http://127.0.0.1:1", "--password", "x"}, "--password without --username"},
		{[]string{"conformance", "--target", "127.0.0.1:1", "--username", "shop"}, "want --password, or MUSTER_PASSWORD in the environment"},
		{[]string{"conformance", "--profile", "nacos3"}, `--profile "nacos3": want nacos1, nacos2 or auth`},
		{[]string{"conformance", "--jobs", "0"}, "--jobs 0: want at least 1"},
		{[]string{"conformance", "--strict", "101"}, "--strict 101: want per cent, from 0 to 100"},
		{[]string{"conformance", "--compatible", "-1"}, "--compatible -1: want per cent, from 0 to 100"},
		{[]string{"conformance", "calm"}, `unknown command "calm" for "muster conformance"`},
		{[]string{"replay", empty}, "no run to replay"},
		{[]string{"check", empty}, "no run folder here"},
		{[]string{"check", filepath.Join(empty, "none")}, "no run folder at " + filepath.Join(empty, "none")},
		{[]string{"trace", filepath.Join(empty, "none")}, "no run folder or trace file at " + filepath.Join(empty, "none")},
		{[]string{"diff", filepath.Join(empty, "none"), empty}, "no run folder or trace file at " + filepath.Join(empty, "none")},
		{[]string{"run", "./nope"}, "muster: no package at ./nope: want the folder of a main package"},
		{[]string{"run", "nope"}, "muster: no program nope: there is no folder of that name here, and as an import path: package nope is not in std"},
		{[]string{"run", "example.org/nope"}, "no program example.org/nope: there is no folder of that name here, and as an import path: no required module provides package"},
		{[]string{"run", "../../model"}, "no program at ../../model: it is package model, a library: want a main package"},
		{[]string{"build", empty}, "no program at " + empty + ": "},
		{[]string{"build"}, "muster build wants a PACKAGE"},
		{[]string{"live", "calm", "split"}, "wants a SCENARIO (muster scenarios lists them) or the file of one, not 2 arguments, for example"},
		{[]string{"simulate", "calm", "--node", "./nope"}, "--node: no package at ./nope"},
		{[]string{"simulate", "calm", "--node-next", "../registry"}, "--node-next is for scenarios that upgrade nodes, and none of these does"},
		{[]string{"simulate", "calm", "rolling-upgrade", "--node-next", "nope"}, "--node-next: no program nope"},
		{[]string{"check"}, "muster check wants run folders, or folders that hold some, for example:\n  muster check runs/leader-isolated-seed7"},
		{[]string{"report", empty}, "no run folder here"},
		{[]string{"compare", empty}, "compare wants two sets of runs"},
		{[]string{"compare", empty, filepath.Join(empty, "none")}, "no run folder here"},
		{[]string{"compare", "--write", "x.json", empty, empty}, "wants one set of runs, not 2"},
	}
	for _, c := range cases {
		t.Run(fmt.Sprint(c.arguments), func(t *testing.T) {
			code, _, stderr := invoke(t, c.arguments...)
			require.Equal(t, exitFailed, code)
			require.Contains(t, stderr, c.want)
		})
	}
}

func TestScenariosAreListed(t *testing.T) {
	code, listed, _ := invoke(t, "scenarios")
	require.Equal(t, exitAsExpected, code)
	for _, s := range scenarios.Catalog() {
		require.Contains(t, listed, s.Name)
		require.Contains(t, listed, s.Claim)
	}

	code, text, _ := invoke(t, "scenarios", "--json", "calm", "calm", "split")
	require.Equal(t, exitAsExpected, code)
	var parsed []scenarios.Scenario
	require.NoError(t, json.Unmarshal([]byte(text), &parsed))
	require.Len(t, parsed, 2, "each once")
	require.Equal(t, scenarios.Nodes(5), parsed[1].Cluster)
}

func TestShellsCompleteScenarios(t *testing.T) {
	_, offers, _ := invoke(t, "__complete", "simulate", "leader-isolated", "lead")
	require.Contains(t, offers, "leader-killed\t")
	require.NotContains(t, offers, "leader-isolated\t", "it stands there already")
	_, offers, _ = invoke(t, "__complete", "live", "calm", "")
	require.NotContains(t, offers, "leader-killed", "a live run is of one scenario")
	for flag, want := range map[string]string{"--trace": "faults\n", "--protocol": "grpc\n", "--profile": "nacos1\n"} {
		_, offers, _ = invoke(t, "__complete", "simulate", flag, "")
		require.Contains(t, offers, want)
	}
	_, offers, _ = invoke(t, "__complete", "trace", "--kind", "")
	require.Contains(t, offers, "console\n")
}

func TestHelpTeachesByExample(t *testing.T) {
	for _, command := range newRoot().Commands() {
		require.NotEmptyf(t, command.Example, "%s has no example", command.Name())
	}
}

func TestOnlyWholeSimulatedRunsAreReplayed(t *testing.T) {
	details, err := scenarios.Catalog()[0].JSON()
	require.NoError(t, err)
	simulated := run.Run{Format: run.Format, Stage: scenarios.StageSimulated, Seed: 7, Details: details}
	live, broken, bare := simulated, simulated, simulated
	live.Stage, live.Replay = scenarios.StageLive, "muster live calm --seed 7"
	broken.Interrupted = "whoever ran it stopped it at 3s"
	bare.Details = nil

	require.NoError(t, replayable(simulated))
	for want, r := range map[string]run.Run{
		"only simulated runs can be replayed (muster live calm --seed 7 runs it anew)": live,
		"there is no whole run to compare with: whoever ran it stopped it at 3s":       broken,
		"the run holds no scenario": bare,
	} {
		folder := run.Folder(t.TempDir())
		require.NoError(t, folder.WriteJSON(run.RunFile, r))
		code, _, stderr := invoke(t, "replay", string(folder))
		require.Equal(t, exitFailed, code)
		require.Contains(t, stderr, want)
	}
}

func TestExitCodes(t *testing.T) {
	judged := func(outcomes ...checker.Outcome) reports.Result {
		result := reports.Result{Judged: true}
		for _, outcome := range outcomes {
			result.Verdicts = append(result.Verdicts, checker.Verdict{Outcome: outcome, Expected: checker.Holds})
		}
		return result
	}
	interrupted := judged(checker.Holds)
	interrupted.Run.Interrupted = "the program on n2 ended"
	expectedViolation := reports.Result{Judged: true, Verdicts: []checker.Verdict{{Outcome: checker.Violated, Expected: checker.Violated}}}
	informing := reports.Result{Judged: true, Verdicts: []checker.Verdict{{Outcome: checker.Violated}}}
	cases := map[string]struct {
		results []reports.Result
		want    int
	}{
		"all as expected":              {[]reports.Result{judged(checker.Holds, checker.Holds)}, exitAsExpected},
		"an expected violation":        {[]reports.Result{expectedViolation}, exitAsExpected},
		"nothing expected":             {[]reports.Result{informing}, exitAsExpected},
		"a violation":                  {[]reports.Result{judged(checker.Holds), judged(checker.Violated)}, exitUnexpected},
		"undecided":                    {[]reports.Result{judged(checker.Undecided), judged(checker.Holds)}, exitFailed},
		"a violation outranks":         {[]reports.Result{judged(checker.Violated), judged(checker.Undecided)}, exitUnexpected},
		"whichever comes first":        {[]reports.Result{judged(checker.Undecided), judged(checker.Violated)}, exitUnexpected},
		"an interrupted run":           {[]reports.Result{interrupted}, exitFailed},
		"a run that nobody has judged": {[]reports.Result{{}}, exitFailed},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, statusOf(c.results...)) })
	}
	require.Equal(t, exitUnexpected, outcome{err: fmt.Errorf("replay: %w", unexpected("the traces differ"))}.status())
	require.Equal(t, exitFailed, outcome{err: errors.New("no such guest")}.status())
}

func TestRunsThatDifferAreNamed(t *testing.T) {
	write := func(hash, guest string) run.Folder {
		folder := run.Folder(t.TempDir())
		require.NoError(t, folder.WriteJSON(run.RunFile, run.Run{
			Format: run.Format, TraceHash: hash, TraceRecords: 10, Guests: []run.Guest{{Name: "registry", SHA256: guest}},
			Versions: map[string]string{"go": "go1.26.8", "muster": "v0.0.0-" + guest},
		}))
		return folder
	}
	one := write("aa", "0123456789abcdef")
	require.NoError(t, sameRun(one, write("aa", "0123456789abcdef")))
	err := sameRun(one, write("bb", "fedcba9876543210"))
	require.ErrorContains(t, err, "the traces differ: aa (10 records) and bb (10 records)")
	require.ErrorContains(t, err, "the guest registry is another build: 0123456789ab then, fedcba987654 now")
	require.ErrorContains(t, err, "\n  muster was v0.0.0-0123456789abcdef then, and is v0.0.0-fedcba9876543210 now\n")
	require.NotContains(t, err.Error(), "go1.26.8", "that is the same")
}

func TestProgressTellsEachRun(t *testing.T) {
	var lines bytes.Buffer
	p := newProgress(&lines, 12)
	p.finished("calm seed 1", "as expected, 45 s", true)
	p.finished("split seed 1", "durable is violated", false)
	p.close()
	require.Equal(t, "[ 1/12] calm seed 1: as expected, 45 s\n[ 2/12] split seed 1: durable is violated\n", lines.String())
}

func TestVerifyRunsTwice(t *testing.T) {
	made := 0
	b := batch{parallel: 1, verify: true, newStage: func(trace.Level) scenarios.Stage {
		made++
		return &quietStage{hash: "aa"}
	}}
	j := scenarios.Job{Scenario: scenarios.Catalog()[0], Seed: 1, Folder: run.Folder(filepath.Join(t.TempDir(), "run"))}
	require.NoError(t, b.one(t.Context(), j).err)
	require.Equal(t, 2, made)
	require.NoDirExists(t, string(j.Folder)+"-again", "a second run that is the same is not kept")

	levels := []trace.Level{}
	b.newStage = func(level trace.Level) scenarios.Stage {
		levels = append(levels, level)
		return &quietStage{hash: fmt.Sprint(len(levels))}
	}
	o := b.one(t.Context(), j)
	require.ErrorContains(t, o.err, "the traces differ: 3 (0 records) and 4 (0 records)")
	require.Equal(t, exitUnexpected, o.status())
	require.Equal(t, []trace.Level{trace.Normal, trace.Normal, trace.Full, trace.Full}, levels, "a difference is looked for in full traces")
	require.DirExists(t, string(j.Folder)+"-full-again", "what differs is kept")
}

func TestInterruptedBatchKeepsWhatIsFinished(t *testing.T) {
	out := t.TempDir()
	var jobs []scenarios.Job
	for seed := range uint64(3) {
		jobs = append(jobs, scenarios.Job{Scenario: scenarios.Catalog()[0], Seed: seed, Folder: run.Folder(filepath.Join(out, fmt.Sprint(seed)))})
	}
	ctx, cancel := newCancel(t)
	made := 0
	b := batch{parallel: 1, newStage: func(trace.Level) scenarios.Stage {
		made++
		return &quietStage{advanced: func(now time.Duration) {
			if made == 2 && now > 10*time.Second {
				cancel()
			}
		}}
	}}
	command := newRoot()
	var stdout, stderr bytes.Buffer
	command.SetOut(&stdout)
	command.SetErr(&stderr)
	command.SetContext(ctx)
	err := b.report(command, out, jobs)
	require.ErrorContains(t, err, "interrupted: 1 of 3 runs finished")
	require.FileExists(t, filepath.Join(out, reports.IndexFile))
	require.FileExists(t, filepath.Join(out, junitFile))
	require.FileExists(t, jobs[0].Folder.Path(run.ReportFile))
	second, err := jobs[1].Folder.ReadRun()
	require.NoError(t, err, "the interrupted run can be read")
	require.Contains(t, second.Interrupted, "whoever ran it stopped it at 10.5s")
	_, err = os.Stat(string(jobs[2].Folder))
	require.ErrorIs(t, err, os.ErrNotExist)
	require.Contains(t, stdout.String(), "calm")
}

// A run that got to its end just before the command was interrupted is judged and reported like any other.
func TestAnInterruptedBatchReportsARunThatIsMade(t *testing.T) {
	ctx, cancel := newCancel(t)
	j := scenarios.Job{Scenario: scenarios.Catalog()[0], Seed: 1, Folder: run.Folder(filepath.Join(t.TempDir(), "run"))}
	b := batch{newStage: func(trace.Level) scenarios.Stage { return &quietStage{} }}
	_, err := drive(ctx, b.newStage(trace.Normal), j)
	require.NoError(t, err)
	cancel()
	o := b.conclude(ctx, j, nil)
	require.NoError(t, o.err)
	require.True(t, o.result.Judged)
	require.FileExists(t, j.Folder.Path(run.ReportFile))
}

// What ended a run early is said by the table, and not once more as an error of the command.
func TestARunThatEndedEarlyIsToldOnce(t *testing.T) {
	j := scenarios.Job{Scenario: scenarios.Catalog()[0], Seed: 1, Folder: run.Folder(filepath.Join(t.TempDir(), "run"))}
	b := batch{newStage: func(trace.Level) scenarios.Stage {
		return &quietStage{stops: errors.New("n1 ended (see logs/n1.jsonl)")}
	}}
	o := b.one(t.Context(), j)
	require.True(t, o.endedEarly())
	require.Equal(t, exitFailed, o.status())
	require.Contains(t, o.describe(), "n1 ended (see "+j.Folder.Path("logs/n1.jsonl")+")")
	o.err = errors.Join(o.err, errors.New("closing the stage"))
	require.False(t, o.endedEarly(), "there is more to it")
}

func TestBaselinesThatAreWrittenAreNamed(t *testing.T) {
	at := t.TempDir()
	j := scenarios.Job{Scenario: scenarios.Catalog()[0], Seed: 1, Folder: run.Folder(filepath.Join(at, "runs", "one"))}
	b := batch{newStage: func(trace.Level) scenarios.Stage { return &quietStage{} }}
	require.NoError(t, b.one(t.Context(), j).err)
	path := filepath.Join(at, "baseline.json")
	code, stdout, stderr := invoke(t, "compare", "--write", path, filepath.Join(at, "runs"))
	require.Equal(t, exitAsExpected, code, stderr)
	require.Equal(t, path+": baseline of 1 run\n", stdout)
	require.FileExists(t, path)
}

func TestTheJUnitFileIsAboutAllRunsInTheFolder(t *testing.T) {
	out := t.TempDir()
	for _, name := range []string{"calm", "split"} {
		scenario, err := scenarios.Find(name)
		require.NoError(t, err)
		b := batch{parallel: 1, newStage: func(trace.Level) scenarios.Stage { return &quietStage{} }}
		command := newRoot()
		command.SetOut(io.Discard)
		command.SetErr(io.Discard)
		command.SetContext(t.Context())
		require.Error(t, b.report(command, out, []scenarios.Job{{Scenario: scenario, Seed: 1, Folder: run.Folder(filepath.Join(out, name))}}))
	}
	junit, err := os.ReadFile(filepath.Join(out, junitFile))
	require.NoError(t, err)
	require.Contains(t, string(junit), `classname="muster.calm"`, "of the first command")
	require.Contains(t, string(junit), `classname="muster.split"`, "of the second")
}

func TestABrokenFolderDoesNotHideTheOthers(t *testing.T) {
	at := t.TempDir()
	for _, name := range []string{"damaged", "whole-one", "whole-two"} {
		folder := run.Folder(filepath.Join(at, name))
		require.NoError(t, os.MkdirAll(string(folder), 0o777))
		require.NoError(t, folder.WriteJSON(run.RunFile, run.Run{Format: run.Format, Scenario: name, Stage: scenarios.StageSimulated}))
		header := model.Header{Format: model.HistoryFormat, Scenario: name}
		line, err := json.Marshal(header)
		require.NoError(t, err)
		require.NoError(t, folder.WriteFile(run.HistoryFile, append(line, '\n')))
		require.NoError(t, folder.WriteJSON(run.PlanFile, run.Plan{Format: run.Format}))
	}
	require.NoError(t, os.WriteFile(filepath.Join(at, "damaged", run.RunFile), []byte("{"), 0o666))
	for _, command := range []string{"check", "report"} {
		code, stdout, stderr := invoke(t, command, at)
		require.Equal(t, exitFailed, code, command)
		require.Contains(t, stderr, filepath.Join(at, "damaged"), command)
		require.Contains(t, stdout, "whole-one", command)
		require.Contains(t, stdout, "whole-two", command)
		code, stdout, stderr = invoke(t, command, filepath.Join(at, "none"), filepath.Join(at, "whole-two"))
		require.Equal(t, exitFailed, code, command)
		require.Contains(t, stderr, "no run folder at "+filepath.Join(at, "none"), command)
		require.Contains(t, stdout, "whole-two", command)
	}
	require.FileExists(t, filepath.Join(at, reports.IndexFile))

	// One run below a folder has an index page as many have; what is itself a run has none.
	require.NoError(t, os.RemoveAll(filepath.Join(at, "damaged")))
	require.NoError(t, os.RemoveAll(filepath.Join(at, "whole-two")))
	for _, command := range []string{"check", "report"} {
		require.NoError(t, os.RemoveAll(filepath.Join(at, reports.IndexFile)))
		_, _, stderr := invoke(t, command, at)
		require.FileExists(t, filepath.Join(at, reports.IndexFile), stderr)
		invoke(t, command, filepath.Join(at, "whole-one")+"/")
		require.NoFileExists(t, filepath.Join(at, "whole-one", reports.IndexFile))
	}
}
