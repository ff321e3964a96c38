package simulated_test

import (
	"bufio"
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/checker"
	"muster/model/run"
	"muster/scenarios"
	"muster/scenarios/simulated"
	"muster/sim/trace"
)

// futures are scenarios that begin alike.
func futures() []scenarios.Scenario {
	at := func(seconds float64, fault scenarios.Fault) scenarios.Step {
		return scenarios.At(time.Duration(seconds*float64(time.Second)), fault)
	}
	one := scenarios.Node(1)
	all := []scenarios.Scenario{
		short(),
		short(scenarios.Around(4*time.Second, time.Second, scenarios.Flapping(scenarios.Isolate(scenarios.Leader), 1400*time.Millisecond)), at(7, scenarios.Heal())),
		short(at(4.25, scenarios.Crash(one)), at(6, scenarios.Restart(one))),
		short(at(5.1, scenarios.SlowLink(one, scenarios.Node(2), 30*time.Millisecond)), at(6.5, scenarios.ClockJump(one, time.Second)), at(8, scenarios.Heal())),
	}
	for i, name := range []string{"calm", "isolated", "crashed", "slowed"} {
		all[i].Name = name
	}
	return all
}

func begin(t *testing.T, scenario scenarios.Scenario, seed uint64, level trace.Level) *scenarios.Play {
	programs, err := guests()
	require.NoError(t, err)
	stage := simulated.New(programs, simulated.Options{Trace: level})
	t.Cleanup(func() { require.NoError(t, stage.Close()) })
	play, err := scenarios.Begin(t.Context(), stage, scenario, seed, run.Folder(t.TempDir()))
	require.NoError(t, err)
	return play
}

func end(t *testing.T, play *scenarios.Play) run.Run {
	r, err := play.End(t.Context())
	require.NoError(t, err)
	require.NoError(t, play.Stage().Close())
	return r
}

// compressedSum is the checksum of a compressed trace in run.json.
var compressedSum = regexp.MustCompile(`"trace\.zst": "[0-9a-f]{64}"`)

// left is what a run left in its folder, by file, but for what it cost and its compressed trace, which is compared by what it holds.
func left(t *testing.T, folder run.Folder) map[string]string {
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(string(folder), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		name := strings.TrimPrefix(path, string(folder))
		files[name] = string(content)
		if entry.Name() == run.RunFile {
			before, after, found := strings.Cut(string(content), `"cost": {`)
			require.True(t, found)
			_, after, _ = strings.Cut(after, "}")
			files[name] = compressedSum.ReplaceAllString(before+after, "")
		}
		return nil
	}))
	delete(files, "/"+run.FullTraceFile)
	return files
}

// TestSharedBeginnings runs scenarios that begin alike from one beginning and each from boot: everything that they leave is the same.
func TestSharedBeginnings(t *testing.T) {
	for _, seed := range []uint64{1, 2} {
		level := trace.Normal
		if seed == 2 {
			level = trace.Full
		}
		all := futures()
		trunk := begin(t, all[0], seed, level)
		for i, until := range []time.Duration{5100 * time.Millisecond, 0, 4250 * time.Millisecond, 5100 * time.Millisecond} {
			if i == 0 || (uint64(i) == 2) != (seed == 2) {
				continue // the trunk itself, or left to the other seed
			}
			alone := begin(t, all[i], seed, level)
			aloneFolder := alone.Folder()
			whole := end(t, alone)

			if i == 1 {
				at, more := alone.Next()
				require.False(t, more, "%v", at)
				plan, err := aloneFolder.ReadPlan()
				require.NoError(t, err)
				until = plan.Strikes[0].At
			}
			shared := trunk
			if trunk.Now() > until {
				shared = begin(t, all[0], seed, level)
			}
			require.NoError(t, shared.To(t.Context(), until))
			forkFolder := run.Folder(t.TempDir())
			fork, err := shared.Fork(all[i], seed, forkFolder)
			require.NoError(t, err)
			forked := end(t, fork)

			require.Equal(t, whole.TraceRecords, forked.TraceRecords, all[i].Name)
			require.Equal(t, whole.TraceHash, forked.TraceHash, all[i].Name)
			require.NotZero(t, forked.Cost.Shared)
			require.Less(t, forked.Cost.Shared, forked.Cost.CPU)
			require.Equal(t, left(t, aloneFolder), left(t, forkFolder))
			difference, err := simulated.FirstDifference(aloneFolder, forkFolder)
			require.NoError(t, err)
			require.Nil(t, difference)
			verdicts, _, err := checker.JudgeFolder(t.Context(), aloneFolder)
			require.NoError(t, err)
			again, _, err := checker.JudgeFolder(t.Context(), forkFolder)
			require.NoError(t, err)
			require.Equal(t, verdicts, again)
		}
		folder := trunk.Folder()
		end(t, trunk)
		alone := begin(t, all[0], seed, level)
		end(t, alone)
		require.Equal(t, left(t, alone.Folder()), left(t, folder), "what was forked goes on as if nothing had been")
	}
}

func TestFuturesDiffer(t *testing.T) {
	scenario := futures()[1]
	trunk := begin(t, scenario, 1, trace.Normal)
	require.NoError(t, trunk.To(t.Context(), 6*time.Second))
	hashes := map[string]uint64{}
	var last run.Run
	for _, seed := range []uint64{1, 2, 3} {
		fork, err := trunk.Fork(scenario, seed, run.Folder(t.TempDir()))
		require.NoError(t, err)
		last = end(t, fork)
		require.NotContains(t, hashes, last.TraceHash)
		hashes[last.TraceHash] = seed
	}
	require.Equal(t, &run.Fork{Seed: 1, At: 6 * time.Second, Folder: string(trunk.Folder())}, last.Fork)
	require.Equal(t, end(t, trunk).TraceHash, func() string {
		for hash, seed := range hashes {
			if seed == 1 {
				return hash
			}
		}
		return ""
	}())
}

func TestForksThatCannotBe(t *testing.T) {
	all := futures()
	trunk := begin(t, all[0], 1, trace.Normal)
	require.NoError(t, trunk.To(t.Context(), 5*time.Second))
	_, err := trunk.Fork(all[2], 1, run.Folder(t.TempDir()))
	require.ErrorContains(t, err, "crashed has a fault at 4.25s")
	other := all[3]
	other.Load.OperationsPerSecond++
	_, err = trunk.Fork(other, 1, run.Folder(t.TempDir()))
	require.ErrorContains(t, err, "slowed does not begin as it did")
}

// TestKeptRunsGoOnExactly puts runs away at several moments, before, between and after faults, and goes on from there.
func TestKeptRunsGoOnExactly(t *testing.T) {
	programs, err := guests()
	require.NoError(t, err)
	for i, scenario := range futures()[1:] {
		seed := uint64(i + 1)
		whole := end(t, begin(t, scenario, seed, trace.Normal))
		play := begin(t, scenario, seed, trace.Normal)
		moments := []time.Duration{time.Second, 4250 * time.Millisecond, 6100 * time.Millisecond, 9 * time.Second}
		for _, at := range moments[i : i+2] {
			require.NoError(t, play.To(t.Context(), at))
			var kept bytes.Buffer
			require.NoError(t, play.Keep(&kept))
			stage := simulated.New(programs, simulated.Options{Trace: trace.Full})
			restored, err := scenarios.Restore(bufio.NewReader(&kept), stage, scenario, seed, run.Folder(t.TempDir()), "")
			require.NoError(t, err)
			require.Equal(t, at, restored.Now())
			r := end(t, restored)
			require.Equal(t, whole.TraceHash, r.TraceHash, "%s from %v", scenario.Name, at)
			require.Equal(t, whole.Options["strike-1"], r.Options["strike-1"])
			require.NoError(t, stage.Close())
		}
		require.Equal(t, whole.TraceHash, end(t, play).TraceHash, "who is kept goes on as if nothing had been")
	}
}

func TestKeptRunsOfAnotherBuildAreRefused(t *testing.T) {
	programs, err := guests()
	require.NoError(t, err)
	play := begin(t, short(), 1, trace.Normal)
	var kept bytes.Buffer
	require.NoError(t, play.Keep(&kept))
	other := strings.Replace(kept.String(), `"build":"`, `"build":"00`, 1)
	for text, want := range map[string]string{
		other:                        "another build of this program wrote the checkpoint: 00",
		kept.String()[:100]:          "restoring a run",
		"{}\n{}\n":                   "another build",
		kept.String()[:kept.Len()/2]: "restoring a run",
	} {
		stage := simulated.New(programs, simulated.Options{})
		_, err := scenarios.Restore(bufio.NewReader(strings.NewReader(text)), stage, short(), 1, run.Folder(t.TempDir()), "")
		require.ErrorContains(t, err, want)
		require.NoError(t, stage.Close())
	}
	require.NoError(t, play.Stage().Close())
}
