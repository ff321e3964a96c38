package scenarios

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/checker"
	"muster/model"
	"muster/model/run"
)

func TestDriveLeavesARunFolder(t *testing.T) {
	folder := run.Folder(t.TempDir())
	stage := &fakeStage{name: StageSimulated, script: []scripted{
		prints(100*time.Millisecond, "n1", 2, `{"msg":"node.ready","node":"10.0.0.1:8848"}`),
		leads(time.Second, "n2", 2),
		prints(1500*time.Millisecond, "w1", 1, `{"client":"c1","op":1,"phase":"invoke","call":"query","node":"n1"}`),
		prints(1700*time.Millisecond, "w1", 1, `{"client":"c1","op":1,"phase":"ok","call":"query","node":"n1","instances":[]}`),
		prints(1800*time.Millisecond, "w1", 1, `no record`),
		prints(1900*time.Millisecond, "n3", 1, `{"client":"c1","op":2,"phase":"invoke","call":"query"}`),
	}}
	scenario := small(At(2*time.Second, Isolate(Leader)), At(4*time.Second, Heal()), At(6*time.Second, Crash(Node(3))))
	scenario.Bounds.Converge = 7 * time.Second
	scenario.Sometimes = []checker.Condition{checker.LeaderChanged}

	result, err := Drive(t.Context(), stage, scenario, 7, folder)
	require.NoError(t, err)

	written, err := folder.ReadRun()
	require.NoError(t, err)
	require.Equal(t, result.TraceHash, written.TraceHash)
	require.Equal(t, result.Checksums, written.Checksums)
	require.NoError(t, folder.Intact(written), "checksums are of the files as they stay")
	require.Len(t, written.Checksums, 2, "of plan and history; this stage has no trace")
	require.Equal(t, "abc", written.TraceHash)
	require.Equal(t, scenario.Lasts, written.Lasted)
	require.Empty(t, written.Interrupted)
	require.Equal(t, "muster simulate small --seed 7 --profile nacos1", written.Replay)
	require.Equal(t, map[string]string{"converged": "holds"}, written.Expect)
	require.Equal(t, []string{"n1", "n2", "n3"}, written.Nodes())
	require.Equal(t, "0.1", written.Options["loss"])
	require.Equal(t, "isolate n2 (leader)", written.Options["strike-1"])
	again, err := Parse(written.Details)
	require.NoError(t, err)
	require.Equal(t, scenario, again)

	plan, err := folder.ReadPlan()
	require.NoError(t, err)
	require.Equal(t, []run.Strike{
		{At: 2 * time.Second, Until: 4 * time.Second, Kind: "isolate", Text: "isolate n2 (leader)", Machines: []string{"n2"}, Bit: true, Evidence: "bit 1 by 4s"},
		{At: 4 * time.Second, Kind: "heal", Text: "heal the network", Bit: true, Evidence: "ended: isolate n2 (leader)"},
		{At: 6 * time.Second, Kind: "crash", Text: "crash n3", Machines: []string{"n3"}, Bit: true, Evidence: "bit 3 by 10s"},
	}, plan.Strikes)
	require.Equal(t, []int{1, 3}, stage.asked, "each strike's evidence is asked for once, and a heal's never")
	require.Equal(t, [][]string{{"n2"}, {"n1", "n3"}}, stage.strikes[0].Sides)

	history, err := folder.ReadHistory()
	require.NoError(t, err)
	require.Equal(t, scenario.Lasts, history.Header.End)
	require.Equal(t, []string{"n1", "n2", "n3"}, history.Header.Nodes)
	require.Len(t, history.Records, 2, "only what the workload printed as records")
	require.Equal(t, 1700*time.Millisecond, history.Records[1].T, "stamped with true time")
	require.Equal(t, []model.Instance{}, history.Records[1].Instances)
	rest, err := folder.ReadLogs("w1")
	require.NoError(t, err)
	require.Len(t, rest, 1)
	require.Equal(t, "no record", rest[0].Text)
	events, err := folder.NodeEvents()
	require.NoError(t, err)
	require.Len(t, events, 2)

	clocks, err := folder.ReadClocks()
	require.NoError(t, err)
	require.Len(t, clocks, 20, "a sample each half second")
}

func TestDriveSkipsWhatCannotBeStruck(t *testing.T) {
	folder := run.Folder(t.TempDir())
	stage := &fakeStage{name: StageLive, refuse: map[run.Kind]error{run.KindClockJump: fmt.Errorf("it cannot set clocks: %w", ErrUnsupported)}}
	_, err := Drive(t.Context(), stage, small(
		At(time.Second, Isolate(Leader)),
		At(2*time.Second, Heal()),
		At(3*time.Second, ClockJump(Node(1), time.Second)),
		At(4*time.Second, Resume(Victims)),
	), 1, folder)
	require.NoError(t, err)
	plan, err := folder.ReadPlan()
	require.NoError(t, err)
	require.Equal(t, "no node says that it leads", plan.Strikes[0].Skipped)
	require.Equal(t, "isolate leader", plan.Strikes[0].Text)
	require.Equal(t, "the network does not suffer from anything", plan.Strikes[1].Skipped)
	require.Equal(t, "heal the network", plan.Strikes[1].Text)
	require.Contains(t, plan.Strikes[2].Skipped, "it cannot set clocks")
	require.Equal(t, "no node suffers from what this would undo", plan.Strikes[3].Skipped)
	require.Empty(t, stage.strikes)
	require.Empty(t, stage.asked, "no evidence is asked for of what was not struck")
}

func TestDriveEndsWhenAProgramDies(t *testing.T) {
	cases := map[string]struct {
		script []scripted
		want   string
	}{
		"a node":               {[]scripted{exits(3*time.Second, "n2", "exit status 2", false)}, "the program on n2 ended at 3s though no fault struck it: exit status 2"},
		"a node in good order": {[]scripted{exits(3*time.Second, "n2", "exit status 0", true)}, "the program on n2 ended at 3s"},
		"the workload":         {[]scripted{exits(3*time.Second, "w1", "exit status 1", false)}, "the program on w1 ended at 3s"},
		"a finished workload":  {[]scripted{exits(3*time.Second, "w1", "exit status 0", true)}, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			folder := run.Folder(t.TempDir())
			_, err := Drive(t.Context(), &fakeStage{name: StageSimulated, script: c.script}, small(), 1, folder)
			written, readErr := folder.ReadRun()
			require.NoError(t, readErr)
			if c.want == "" {
				require.NoError(t, err)
				require.Empty(t, written.Interrupted)
				return
			}
			require.ErrorContains(t, err, c.want)
			require.Equal(t, err.Error(), written.Interrupted)
			require.Equal(t, 3*time.Second, written.Lasted)
			history, err := folder.ReadHistory()
			require.NoError(t, err, "what there is stays readable")
			require.Zero(t, history.Header.End)
		})
	}
}

func TestDriveLeavesWhatThereIsWhenInterrupted(t *testing.T) {
	folder := run.Folder(t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	stage := &fakeStage{name: StageSimulated, script: []scripted{
		leads(time.Second, "n1", 1),
		prints(2*time.Second, "w1", 1, `{"client":"c1","op":1,"phase":"invoke","call":"query","node":"n1"}`),
		{3 * time.Second, func(*fakeStage) {
			early, err := folder.ReadRun()
			require.NoError(t, err, "run.json is there while the run goes on")
			require.Contains(t, early.Interrupted, "still runs")
			cancel()
		}},
	}}
	_, err := Drive(ctx, stage, small(At(2500*time.Millisecond, Isolate(Leader))), 1, folder)
	require.ErrorIs(t, err, context.Canceled)
	require.True(t, stage.finished)
	written, err := folder.ReadRun()
	require.NoError(t, err)
	require.Equal(t, "whoever ran it stopped it at 3s", written.Interrupted)
	require.Empty(t, written.Checksums, "only of what is finished")
	history, err := folder.ReadHistory()
	require.NoError(t, err)
	require.Len(t, history.Records, 1)
	plan, err := folder.ReadPlan()
	require.NoError(t, err)
	require.True(t, plan.Strikes[0].Bit)
}

func TestDriveDrawsTimesFromTheSeed(t *testing.T) {
	times := map[time.Duration]bool{}
	for seed := range uint64(5) {
		at := struckAt(t, seed)
		require.GreaterOrEqual(t, at, 2*time.Second)
		require.Less(t, at, 4*time.Second)
		require.Equal(t, at, struckAt(t, seed), "one seed, one time")
		times[at] = true
	}
	require.Greater(t, len(times), 1, "seeds differ")
}

// struckAt is when a fault that may come at any time between 2 s and 4 s strikes.
func struckAt(t *testing.T, seed uint64) time.Duration {
	stage := &fakeStage{name: StageSimulated}
	folder := run.Folder(t.TempDir())
	result, err := Drive(t.Context(), stage, small(Around(2*time.Second, 2*time.Second, Pause(Any))), seed, folder)
	require.NoError(t, err)
	plan, err := folder.ReadPlan()
	require.NoError(t, err)
	require.Equal(t, plan.Strikes[0].At.String(), result.Options["strike-1-at"], "what was drawn is recorded")
	return plan.Strikes[0].At
}

func TestDriveReplacesRunsAndNothingElse(t *testing.T) {
	folder := run.Folder(t.TempDir())
	require.NoError(t, os.WriteFile(folder.Path("letter.txt"), []byte("dear"), 0o666))
	_, err := Drive(t.Context(), &fakeStage{name: StageSimulated}, small(), 1, folder)
	require.ErrorContains(t, err, "neither empty nor an earlier run's")

	folder = run.Folder(t.TempDir())
	_, err = Drive(t.Context(), &fakeStage{name: StageSimulated, script: []scripted{leads(0, "n1", 1)}}, small(), 1, folder)
	require.NoError(t, err)
	require.NoError(t, folder.WriteFile(run.VerdictsFile, []byte("{}")))
	_, err = Drive(t.Context(), &fakeStage{name: StageSimulated}, small(), 1, folder)
	require.NoError(t, err)
	require.NoFileExists(t, folder.Path(run.VerdictsFile), "an earlier run's verdicts are not this one's")
	require.NoFileExists(t, folder.Path(run.LogsFolder, "n1.jsonl"))
}

func TestDriveSaysWhatTheStageSaid(t *testing.T) {
	broken := errors.New("no such cable")
	stage := &fakeStage{name: StageSimulated, refuse: map[run.Kind]error{run.KindCut: broken}}
	_, err := Drive(t.Context(), stage, small(At(time.Second, Cut(Node(1), Node(2)))), 1, run.Folder(t.TempDir()))
	require.ErrorIs(t, err, broken)
	require.ErrorContains(t, err, "strike 1, cut what n1 sends to n2")
}
