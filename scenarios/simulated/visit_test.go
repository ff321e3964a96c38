package simulated_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/model/run"
	"muster/scenarios"
	"muster/scenarios/simulated"
	"muster/sim/random"
	"muster/sim/trace"
)

// visit goes to a moment, and returns the play and how it got there.
func visit(t *testing.T, folder run.Folder, at time.Duration) (*scenarios.Play, simulated.Journey) {
	programs, err := guests()
	require.NoError(t, err)
	traveller, err := simulated.NewTraveller(programs, folder)
	require.NoError(t, err)
	play, journey, err := traveller.Visit(t.Context(), at, simulated.Options{}, run.Folder(t.TempDir()))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, play.Stage().Close()) })
	return play, journey
}

func worldOf(play *scenarios.Play) uint64 { return play.Stage().(*simulated.Stage).World().TraceHash() }

// TestVisitsAreExact visits moments of a run in any order, and plays the run to its end from there.
func TestVisitsAreExact(t *testing.T) {
	scenario := futures()[1]
	original := begin(t, scenario, 3, trace.Normal)
	draw := random.New(3).Stream("moments")
	var moments []time.Duration
	for range 3 {
		moments = append(moments, time.Duration(draw.Int64N(int64(scenario.Lasts))))
	}
	moments = append(moments, 4*time.Second, scenario.Lasts)
	whole := end(t, original)
	for i, at := range moments {
		alone := begin(t, scenario, 3, trace.Normal)
		require.NoError(t, alone.To(t.Context(), at))
		play, journey := visit(t, original.Folder(), at)
		require.NoError(t, journey.Refused)
		require.Equal(t, at, play.Now())
		require.Equal(t, worldOf(alone), worldOf(play), "at %v, from %v", at, journey.From)
		if i%2 == 1 {
			require.Equal(t, whole.TraceHash, end(t, play).TraceHash)
		}
	}
	_, journey := visit(t, original.Folder(), 9*time.Second)
	require.Equal(t, 8*time.Second, journey.From)
}

// TestFuturesFromCheckpoints forks a run, and one of its futures, from boot and from a checkpoint: what is left is the same.
func TestFuturesFromCheckpoints(t *testing.T) {
	programs, err := guests()
	require.NoError(t, err)
	scenario := futures()[1]
	original := begin(t, scenario, 3, trace.Normal)
	end(t, original)
	folder := original.Folder()
	for i, at := range []time.Duration{5 * time.Second, 7500 * time.Millisecond} {
		var leftFromBoot map[string]string
		var future run.Run
		next := run.Folder(filepath.Join(t.TempDir(), "future"))
		for _, from := range []time.Duration{0, at / (2 * time.Second) * (2 * time.Second)} {
			traveller, err := simulated.NewTraveller(programs, folder)
			require.NoError(t, err)
			trunk, journey, err := traveller.Relive(t.Context(), at, run.Folder(t.TempDir()))
			require.NoError(t, err)
			require.NoError(t, journey.Refused)
			require.Equal(t, from, journey.From)
			fork, err := trunk.Fork(scenario, uint64(4+i), next)
			require.NoError(t, err)
			future = end(t, fork)
			require.NoError(t, trunk.Stage().Close())
			if leftFromBoot == nil {
				leftFromBoot = left(t, next)
			}
			for name, content := range left(t, next) {
				require.Equal(t, strings.Split(leftFromBoot[name], "\n"), strings.Split(content, "\n"), name)
			}
		}
		require.Equal(t, at, future.Fork.At)
		require.Equal(t, string(folder), future.Fork.Folder)
		require.Equal(t, fmt.Sprintf("muster fork %s --at %v --seed %d", folder, at, 4+i), future.Replay)

		again, err := simulated.Again(t.Context(), programs, future, simulated.Options{}, run.Folder(t.TempDir()))
		require.NoError(t, err)
		repeated := end(t, again)
		require.Equal(t, future.TraceHash, repeated.TraceHash)
		require.Equal(t, future.Replay, repeated.Replay)
		require.Equal(t, future.Fork, repeated.Fork)
		folder = next
	}
}

// TestCheckpointsBesideTheEndOfATrace forks a run of whose trace only the end was kept: it is made again, and its checkpoints stay.
func TestCheckpointsBesideTheEndOfATrace(t *testing.T) {
	original := begin(t, short(), 1, trace.Full)
	require.NoError(t, simulated.LeaveCheckpoints(t.Context(), original, 4*time.Second))
	end(t, original)
	file, err := os.Create(original.Folder().Path(run.FullTraceFile))
	require.NoError(t, err)
	defer file.Close()
	rest := trace.NewCompactWriter(file, trace.Full, 1)
	rest.Record(5000, trace.Record{Kind: trace.Connect, At: 9 * time.Second, Machine: "n1"})
	require.NoError(t, rest.Finish(new(trace.Recorder)))
	programs, err := guests()
	require.NoError(t, err)
	checkpoint := original.Folder().Path(run.CheckpointsFolder, "4s.checkpoint")
	before, err := os.Stat(checkpoint)
	require.NoError(t, err)
	traveller, err := simulated.NewTraveller(programs, original.Folder())
	require.NoError(t, err)
	trunk, journey, err := traveller.Relive(t.Context(), 4*time.Second, run.Folder(t.TempDir()))
	require.NoError(t, err)
	require.NoError(t, trunk.Stage().Close())
	require.Zero(t, journey.From)
	require.ErrorContains(t, journey.Refused, "holds only the end of the trace")
	after, err := os.Stat(checkpoint)
	require.NoError(t, err)
	require.True(t, os.SameFile(before, after), "it is the same")
}

func TestCheckpointsOfNoUse(t *testing.T) {
	original := begin(t, short(), 1, trace.Normal)
	end(t, original)
	visit(t, original.Folder(), 4500*time.Millisecond)
	last := original.Folder().Path(run.CheckpointsFolder, "4s.checkpoint")
	content, err := os.ReadFile(last)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(last, content[:len(content)/2], 0o666))
	_, journey := visit(t, original.Folder(), 4500*time.Millisecond)
	require.Equal(t, 2*time.Second, journey.From)
	require.Error(t, journey.Refused)
	_, journey = visit(t, original.Folder(), 4500*time.Millisecond)
	require.Equal(t, 4*time.Second, journey.From, "it was left anew")
}

func TestVisitsThatCannotBe(t *testing.T) {
	original := begin(t, short(), 1, trace.Normal)
	r := end(t, original)
	programs, err := guests()
	require.NoError(t, err)
	traveller, err := simulated.NewTraveller(programs, original.Folder())
	require.NoError(t, err)
	_, _, err = traveller.Visit(t.Context(), 11*time.Second, simulated.Options{}, run.Folder(t.TempDir()))
	require.ErrorContains(t, err, "want a time from 0 to 10s")

	r.Fork = &run.Fork{Seed: 4, At: 5 * time.Second}
	require.NoError(t, original.Folder().WriteJSON(run.RunFile, r))
	traveller, err = simulated.NewTraveller(programs, original.Folder())
	require.NoError(t, err)
	_, _, err = traveller.Visit(t.Context(), time.Second, simulated.Options{}, run.Folder(t.TempDir()))
	require.ErrorContains(t, err, "it is the run with seed 4")

	r.Guests[1].SHA256 = "ab"
	require.NoError(t, original.Folder().WriteJSON(run.RunFile, r))
	_, err = simulated.NewTraveller(programs, original.Folder())
	require.ErrorIs(t, err, simulated.ErrOtherBuild)
	require.ErrorContains(t, err, "another build of the guest workload")
}
