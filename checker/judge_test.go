package checker

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/model"
	"muster/model/run"
)

func TestAllPropertiesHaveACheckerInOrder(t *testing.T) {
	var judged []Property
	for _, c := range All() {
		judged = append(judged, c.Property())
	}
	require.Equal(t, Properties, judged)
}

func TestJudgeRunsWhatIsExpected(t *testing.T) {
	s := persistentStory().registers("c1", instance(1, "1"), 1, 2).lists("c2", 3, 4, instance(1, "1"))
	verdicts := Judge(context.Background(), s.input(), map[Property]Outcome{Exercised: Holds, Linearizable: Holds, "tidy": Holds})
	require.Len(t, verdicts, 3)
	require.Equal(t, []Property{Linearizable, Exercised, "tidy"}, []Property{verdicts[0].Property, verdicts[1].Property, verdicts[2].Property})
	require.True(t, verdicts[0].AsExpected())
	require.False(t, verdicts[1].AsExpected(), "two operations are too few")
	require.Equal(t, Undecided, verdicts[2].Outcome)
	require.Contains(t, verdicts[2].Reason, "no checker judges this property")
	require.Empty(t, Judge(context.Background(), s.input(), nil), "nothing expected, nothing judged")
}

// panicking is a checker with a fault of its own.
type panicking struct{}

func (panicking) Property() Property                   { return Durable }
func (panicking) Check(context.Context, Input) Verdict { panic("index out of range") }

func TestJudgeSurvivesAPanickingChecker(t *testing.T) {
	verdict := check(context.Background(), panicking{}, Input{})
	require.Equal(t, Durable, verdict.Property)
	require.Equal(t, Undecided, verdict.Outcome)
	require.Contains(t, verdict.Reason, "index out of range")
}

func TestVerdictsAreCutShort(t *testing.T) {
	s := persistentStory()
	for number := range 30 {
		s.registers("c1", instance(number+1, "1"), 1, 2)
	}
	verdict := s.allObserve(50, 60).judged(t, Durable)
	require.Equal(t, Violated, verdict.Outcome)
	require.Contains(t, verdict.Reason, "90 last views")
	require.Len(t, verdict.Evidence, maximumEvidence)
}

func TestBoundsDefaults(t *testing.T) {
	require.Equal(t, DefaultBounds(), Bounds{}.OrDefaults())
	bounds := Bounds{Converge: time.Second, MinOperations: 3}.OrDefaults()
	require.Equal(t, time.Second, bounds.Converge)
	require.Equal(t, 3, bounds.MinOperations)
	require.Equal(t, DefaultBounds().RemovedAfter, bounds.RemovedAfter)
}

// written puts a story into a run folder as a stage leaves it.
func written(t *testing.T, s *story, details any) run.Folder {
	t.Helper()
	folder := run.Folder(t.TempDir())
	in := s.input()
	in.Run.Machines = []run.Machine{{Name: "n1", Role: "node"}, {Name: "clients", Role: "workload"}}
	if details != nil {
		text, err := json.Marshal(details)
		require.NoError(t, err)
		in.Run.Details = text
	}
	require.NoError(t, folder.WriteJSON(run.RunFile, in.Run))
	require.NoError(t, folder.WriteJSON(run.PlanFile, in.Plan))
	var history bytes.Buffer
	require.NoError(t, model.WriteHistory(&history, in.History))
	require.NoError(t, folder.WriteFile(run.HistoryFile, history.Bytes()))
	require.NoError(t, folder.WriteFile(run.LogsFolder+"/n1.jsonl", []byte(`{"t":1000000000,"boot":1,"stream":2,"text":"{\"msg\":\"distro.loaded\",\"from\":\"n2\"}"}`+"\n")))
	return folder
}

// TestJudgeFolder judges a folder by what stands in it alone, twice alike.
func TestJudgeFolder(t *testing.T) {
	s := persistentStory().registers("c1", instance(1, "1"), 1, 2).lists("c2", 3, 4, instance(1, "1")).reads("c2", "n3", model.ReadLocal, 5, 6)
	s.in.Run.Expect = map[string]string{string(Linearizable): string(Holds), string(LocalReads): string(Violated), string(Exercised): string(Undecided)}
	folder := written(t, s, map[string]any{"name": "a scenario", "bounds": Bounds{MinOperations: 2}, "sometimes": []Condition{SnapshotLoaded, LeaderChanged}})

	verdicts, figures, err := JudgeFolder(context.Background(), folder)
	require.NoError(t, err)
	require.Len(t, verdicts, 3)
	for _, verdict := range verdicts {
		require.True(t, verdict.AsExpected(), verdict)
	}
	require.Equal(t, "leader-changed did not come up: 0 nodes logged that it led", verdicts[2].Reason, "bounds, conditions and events come from the folder")
	require.FileExists(t, folder.Path(verdicts[1].Evidence[0].File))

	read, err := ReadVerdicts(folder)
	require.NoError(t, err)
	require.Equal(t, verdicts, read)
	readFigures, err := ReadFigures(folder)
	require.NoError(t, err)
	require.Equal(t, figures, readFigures)

	before, err := os.ReadFile(folder.Path(run.VerdictsFile))
	require.NoError(t, err)
	_, _, err = JudgeFolder(context.Background(), folder)
	require.NoError(t, err)
	after, err := os.ReadFile(folder.Path(run.VerdictsFile))
	require.NoError(t, err)
	require.Equal(t, string(before), string(after))
}

func TestFoldersThatCannotBeRead(t *testing.T) {
	_, _, err := JudgeFolder(context.Background(), run.Folder(t.TempDir()))
	require.ErrorIs(t, err, fs.ErrNotExist)

	_, err = ReadVerdicts(run.Folder(t.TempDir()))
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = ReadFigures(run.Folder(t.TempDir()))
	require.ErrorIs(t, err, fs.ErrNotExist)

	future := run.Folder(t.TempDir())
	require.NoError(t, future.WriteFile(run.VerdictsFile, []byte(`{"format":99}`)))
	require.NoError(t, future.WriteFile(run.FiguresFile, []byte(`{"format":99}`)))
	_, err = ReadVerdicts(future)
	require.ErrorContains(t, err, "format 99: this build reads formats 1 to 1")
	_, err = ReadFigures(future)
	require.ErrorContains(t, err, "format 99: this build reads formats 1 to 1")

	cut := persistentStory().registers("c1", instance(1, "1"), 1, 2)
	cut.in.Run.HistoryRecords = 3
	_, _, err = JudgeFolder(context.Background(), written(t, cut, nil))
	require.ErrorContains(t, err, "is damaged: it holds 2 of the run's 3 records")

	_, _, err = JudgeFolder(context.Background(), written(t, persistentStory(), map[string]any{"bounds": "tight"}))
	require.ErrorContains(t, err, "want bounds and sometimes, as a scenario has them")
}
