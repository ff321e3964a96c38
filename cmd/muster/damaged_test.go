package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/checker"
	"muster/model/run"
	"muster/scenarios"
)

// wholeRun makes the folder of a finished simulated run on whose nodes nothing happened, and says what it wrote to run.json.
func wholeRun(t *testing.T) (run.Folder, run.Run) {
	t.Helper()
	folder := run.Folder(filepath.Join(t.TempDir(), "calm-seed1"))
	made, err := scenarios.Drive(t.Context(), &quietStage{hash: "aa"}, briefly(), 1, folder)
	require.NoError(t, err)
	return folder, made
}

// What was damaged or edited is neither judged nor said to be the same run.
func TestDamagedRunsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		file string
		// older runs have no checksums.
		older bool
		harm  func(t *testing.T, folder run.Folder, file string)
		want  string
	}{
		"no plan":          {run.PlanFile, false, remove, "no plan.json"},
		"no plan of older": {run.PlanFile, true, remove, "no plan.json"},
		"no history":       {run.HistoryFile, false, remove, "no history.jsonl"},
		"an edited plan":   {run.PlanFile, false, lengthen, "plan.json is not what the run left"},
		"another history":  {run.HistoryFile, false, lengthen, "history.jsonl is not what the run left"},
	} {
		t.Run(name, func(t *testing.T) {
			folder, made := wholeRun(t)
			if c.older {
				made.Checksums = nil
				require.NoError(t, folder.WriteJSON(run.RunFile, made))
			}
			c.harm(t, folder, c.file)
			for _, line := range [][]string{
				{"check", string(folder)}, {"report", string(folder)}, {"replay", string(folder)}, {"replay", string(folder), "--until", "1s"},
				{"fork", string(folder), "--at", "1s"}, {"diff", string(folder), string(folder)},
			} {
				code, stdout, stderr := invoke(t, line...)
				require.Equal(t, exitFailed, code, line)
				require.Empty(t, stdout, line)
				require.Contains(t, stderr, c.want, line)
				require.Contains(t, stderr, "damaged", line)
			}
			require.NoFileExists(t, folder.Path(run.VerdictsFile))
		})
	}
}

func remove(t *testing.T, folder run.Folder, file string) {
	require.NoError(t, os.Remove(folder.Path(file)))
}

func lengthen(t *testing.T, folder run.Folder, file string) {
	text, err := os.ReadFile(folder.Path(file))
	require.NoError(t, err)
	require.NoError(t, folder.WriteFile(file, append(text, '\n')))
}

// Runs of older builds, without checksums, are judged as they were.
func TestRunsWithoutChecksumsAreJudged(t *testing.T) {
	folder, made := wholeRun(t)
	require.Len(t, made.Checksums, 2, "of plan and history")
	made.Checksums = nil
	require.NoError(t, folder.WriteJSON(run.RunFile, made))
	_, stdout, stderr := invoke(t, "check", string(folder))
	require.NotContains(t, stderr, "damaged")
	require.Contains(t, stdout, made.Scenario)
	require.FileExists(t, folder.Path(run.VerdictsFile))
}

func TestCompareNamesWhatItCannotRead(t *testing.T) {
	out := t.TempDir()
	for _, name := range []string{"a", "b", "c"} {
		folder := run.Folder(filepath.Join(out, name))
		require.NoError(t, os.MkdirAll(string(folder), 0o777))
		require.NoError(t, folder.WriteJSON(run.RunFile, run.Run{Format: run.Format, Scenario: "calm", Stage: scenarios.StageSimulated, Lasted: time.Second}))
		require.NoError(t, checker.WriteVerdicts(folder, []checker.Verdict{{Property: checker.Durable, Outcome: checker.Holds, Expected: checker.Holds}}))
	}
	baseline := filepath.Join(t.TempDir(), "baseline.json")
	code, _, stderr := invoke(t, "compare", "--write", baseline, out)
	require.Equal(t, exitAsExpected, code, stderr)

	damaged := run.Folder(filepath.Join(out, "c")).Path(run.RunFile)
	require.NoError(t, os.WriteFile(damaged, []byte("{"), 0o666))
	for _, sets := range [][]string{{baseline, out}, {out, baseline}} {
		code, stdout, stderr := invoke(t, "compare", sets[0], sets[1])
		require.Equal(t, exitFailed, code)
		require.Contains(t, stdout, "calm", "the others are compared")
		require.Contains(t, stderr, "without the runs that cannot be read")
		require.Contains(t, stderr, damaged)
	}
	code, _, stderr = invoke(t, "compare", "--write", baseline, out)
	require.Equal(t, exitFailed, code, "a baseline is of all runs")
	require.Contains(t, stderr, damaged)
}
