package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"muster/model/run"
	"muster/scenarios"
)

func TestTheSecondSignalEndsTheProcess(t *testing.T) {
	for _, test := range []struct {
		signals int
		code    []int
		said    string
	}{
		{0, nil, ""},
		{1, nil, "once more ends it at once"},
		{2, []int{exitFailed}, "interrupted twice"},
	} {
		signals, over := make(chan os.Signal), make(chan struct{})
		var said bytes.Buffer
		var code []int
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			awaitSecond(signals, over, &said, func(status int) { code = append(code, status) })
		}()
		for range test.signals {
			signals <- os.Interrupt
		}
		if test.signals < 2 {
			close(over)
		}
		<-ended
		require.Equal(t, test.code, code, "%d signals", test.signals)
		require.Contains(t, said.String(), test.said, "%d signals", test.signals)
	}
}

func TestUnfinishedRunsAreNamed(t *testing.T) {
	out := t.TempDir()
	job := func(name, interrupted string) scenarios.Job {
		folder := run.Folder(filepath.Join(out, name))
		require.NoError(t, os.MkdirAll(string(folder), 0o777))
		require.NoError(t, folder.WriteJSON(run.RunFile, run.Run{Format: run.Format, Scenario: name, Interrupted: interrupted}))
		return scenarios.Job{Folder: folder}
	}
	whole, half := job("whole", ""), job("half", "the context ended")
	never := scenarios.Job{Folder: run.Folder(filepath.Join(out, "never"))}
	require.Empty(t, halfDone([]scenarios.Job{whole, never}))
	require.Equal(t, "; unfinished runs kept in "+out+": 1; muster check "+string(half.Folder)+" shows how far the first came",
		halfDone([]scenarios.Job{whole, half, never}))
}

func TestATargetThatIsNotThereLeavesNoFolder(t *testing.T) {
	out := filepath.Join(t.TempDir(), "runs")
	code, stdout, stderr := invoke(t, "live", "calm", "--target", "http://127.0.0.1:1", "--out", out)
	require.Equal(t, exitFailed, code)
	require.Empty(t, stdout)
	require.Regexp(t, `^muster: --target: the target does not answer: [^\n]*refused\n$`, stderr)
	require.NoDirExists(t, out)
}
