package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/model/run"
	"muster/scenarios"
)

func TestFuturesOfARun(t *testing.T) {
	folder, out := brief(t, true), t.TempDir()
	for _, at := range []string{"2s", "4s", "6s"} {
		require.FileExists(t, folder.Path(run.CheckpointsFolder, at+".checkpoint"), "the run itself left it")
	}
	_, printed, stderr := invoke(t, "fork", string(folder), "--at", "4s", "--seeds", "2", "--out", out)
	require.Contains(t, printed, "2 runs", stderr)
	futures := []string{filepath.Join(out, "brief-seed5-seed6"), filepath.Join(out, "brief-seed5-seed7")}
	hashes := map[string]bool{}
	for i, future := range futures {
		r, err := run.Folder(future).ReadRun()
		require.NoError(t, err)
		require.Equal(t, &run.Fork{Seed: 5, At: 4 * time.Second, Folder: string(folder)}, r.Fork)
		require.Equal(t, fmt.Sprintf("muster fork %s --at 4s --seed %d", folder, 6+i), r.Replay)
		hashes[r.TraceHash] = true
	}
	require.Len(t, hashes, 2)
	code, printed, stderr := invoke(t, "replay", futures[1])
	require.Equal(t, exitAsExpected, code, stderr)
	require.Contains(t, printed, "the same run, bit for bit")

	// A future has futures, too.
	_, printed, stderr = invoke(t, "fork", futures[0], "--at", "5s", "--out", out)
	require.Contains(t, printed, "1 run", stderr)
	nested := filepath.Join(out, "brief-seed5-seed6-seed7")
	r, err := run.Folder(nested).ReadRun()
	require.NoError(t, err)
	require.Equal(t, &run.Fork{Seed: 6, At: 5 * time.Second, Folder: futures[0], Of: &run.Fork{Seed: 5, At: 4 * time.Second, Folder: string(folder)}}, r.Fork)
	code, printed, stderr = invoke(t, "replay", nested)
	require.Equal(t, exitAsExpected, code, stderr)
	require.Contains(t, printed, "the same run, bit for bit")

	// Their traces hold no packets, so both are made again to find where they part.
	code, printed, stderr = invoke(t, "diff", futures[0], futures[1])
	require.Equal(t, exitUnexpected, code, stderr)
	require.Contains(t, printed, "Not the same seed: 6 and 7.\n")
	require.Regexp(t, `Then, 4(\.\d+)?s after the world began, they part at record`, printed)
	require.Regexp(t, `(packet to|sends|goes on)`, printed)
	require.Empty(t, stderr)
	// Even if the traces part at the very first record that differs, what both do next is shown.
	command := newRoot()
	command.SetContext(t.Context())
	written, err := differenceOf(string(folder), futures[0])
	require.NoError(t, err)
	far, err := closerLook(command, folder, run.Folder(futures[0]), written)
	require.NoError(t, err)
	near, err := closerLook(command, folder, run.Folder(futures[0]), far)
	require.NoError(t, err)
	require.Equal(t, far, near)
	require.NotContains(t, near.Explain("run", "future"), "has ended")
	_, asWritten, _ := invoke(t, "diff", "--as-written", futures[0], futures[1])
	require.NotRegexp(t, `(packet to|sends|goes on)`, asWritten)
}

// A future is never called as an ordinary run is, by whatever path its run is named, even with the same seed.
func TestFuturesBesideTheirRun(t *testing.T) {
	details, err := briefly().JSON()
	require.NoError(t, err)
	folder := filepath.Join(t.TempDir(), "brief-seed7")
	require.NoError(t, os.Mkdir(folder, 0o777))
	t.Chdir(folder)
	before := run.Run{Format: run.Format, Stage: scenarios.StageSimulated, Seed: 7, Details: details, Lasted: 6 * time.Second}
	jobs, err := forkFlags{seeds: 1, out: ".."}.jobsOf(newForkCommand(), ".", before)
	require.NoError(t, err)
	require.Equal(t, run.Folder("../brief-seed7-seed8"), jobs[0].Folder)
	again := newForkCommand()
	require.NoError(t, again.Flags().Set("seed", "7"))
	jobs, err = forkFlags{seeds: 1, seed: 7, out: ".."}.jobsOf(again, ".", before)
	require.NoError(t, err)
	require.Equal(t, run.Folder("../brief-seed7-seed7"), jobs[0].Folder)
}

func TestFuturesThatCannotBe(t *testing.T) {
	details, err := briefly().JSON()
	require.NoError(t, err)
	whole := run.Run{Format: run.Format, Stage: scenarios.StageSimulated, Seed: 7, Details: details, Lasted: 6 * time.Second}
	future, live := whole, whole
	future.Fork = &run.Fork{Seed: 3, At: time.Second}
	live.Stage = scenarios.StageLive
	for _, c := range []struct {
		run   run.Run
		flags []string
		want  string
	}{
		{whole, nil, "want --at"},
		{whole, []string{"--at", "0s"}, "--at 0s: want a time after 0 and before 6s"},
		{whole, []string{"--at", "6s"}, "want a time after 0 and before 6s"},
		{whole, []string{"--at", "1s", "--seeds", "0"}, "--seeds 0: want at least 1"},
		{future, []string{"--at", "1s"}, "--at 1s: until 1s it is the run with seed 3: fork that"},
		{live, []string{"--at", "2s"}, "only simulated runs can be replayed"},
	} {
		folder := run.Folder(t.TempDir())
		require.NoError(t, folder.WriteJSON(run.RunFile, c.run))
		code, _, stderr := invoke(t, append([]string{"fork", string(folder)}, c.flags...)...)
		require.Equal(t, exitFailed, code)
		require.Contains(t, stderr, c.want)
	}
}

// A run is not lost to its own replay, by whatever path its folder is named.
func TestReplayDoesNotReplaceItsRun(t *testing.T) {
	details, err := briefly().JSON()
	require.NoError(t, err)
	folder := t.TempDir()
	whole := run.Run{Format: run.Format, Stage: scenarios.StageSimulated, Seed: 7, Details: details, Lasted: 6 * time.Second}
	require.NoError(t, run.Folder(folder).WriteJSON(run.RunFile, whole))
	for _, out := range []string{folder, folder + "/../" + filepath.Base(folder)} {
		code, _, stderr := invoke(t, "replay", folder, "--out", out)
		require.Equal(t, exitFailed, code)
		require.Contains(t, stderr, "would take the place of the one that it is compared with")
	}
	still, err := run.Folder(folder).ReadRun()
	require.NoError(t, err)
	require.Equal(t, whole.Seed, still.Seed)
}
