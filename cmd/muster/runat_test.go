package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/model/run"
	"muster/scenarios"
)

// Whoever names what is no simulated run, or a time that it does not have, is told what is there.
func TestWhatIsNoSimulatedRunIsNamed(t *testing.T) {
	runs := t.TempDir()
	write := func(name string, r run.Run) string {
		folder := run.Folder(filepath.Join(runs, name))
		require.NoError(t, os.MkdirAll(string(folder), 0o777))
		r.Format, r.Lasted = run.Format, 58*time.Second
		require.NoError(t, folder.WriteJSON(run.RunFile, r))
		require.NoError(t, folder.WriteJSON(run.PlanFile, run.Plan{Format: run.Format}))
		require.NoError(t, folder.WriteFile(run.TraceFile, nil))
		return string(folder)
	}
	calm := write("calm-seed1", run.Run{Scenario: "calm", Stage: scenarios.StageSimulated})
	split := write("split-seed7", run.Run{Scenario: "split", Stage: scenarios.StageSimulated})
	live := write("zone-live-seed1", run.Run{Scenario: "calm", Stage: scenarios.StageLive, Replay: "muster live calm"})
	file := filepath.Join(calm, run.RunFile)
	for _, c := range []struct {
		want string
		line []string
	}{
		{runs + ": no run to replay: it holds runs and is none itself: want one of them, for example " + calm + "\n", []string{"replay", runs}},
		{runs + ": no run to visit: it holds runs and is none itself", []string{"replay", runs, "--until", "1s"}},
		{runs + ": no run to fork: it holds runs and is none itself", []string{"fork", runs, "--at", "1s"}},
		{runs + ": it holds runs and is none itself", []string{"trace", runs}},
		{runs + ": it holds runs and is none itself", []string{"diff", runs, calm}},
		{file + ": no run to replay: it is a file: want the folder of a run\n", []string{"replay", file}},
		{filepath.Join(runs, "none") + ": no run to replay: there is no such folder\n", []string{"replay", filepath.Join(runs, "none")}},
		{live + ": it ran on the live stage, in real time: only simulated runs have traces (muster live calm runs it anew)\n", []string{"trace", live}},
		{live + ": it ran on the live stage, in real time", []string{"diff", live, live}},
		{"--from 100s: want a time from 0 to 58s, the run's end\n", []string{"trace", calm, "--from", "100s"}},
		{calm + " is a run of calm, " + split + " of split: want two runs of the same scenario", []string{"diff", calm, split}},
	} {
		code, stdout, stderr := invoke(t, c.line...)
		require.Equal(t, exitFailed, code, c.line)
		require.Empty(t, stdout, c.line)
		require.Contains(t, stderr, c.want, c.line)
	}
}
