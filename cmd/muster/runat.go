package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"muster/model/run"
	"muster/scenarios"
)

// runAt reads the run of a folder. If there is none, the error says what is there in its place.
func runAt(folder run.Folder) (run.Run, error) {
	before, err := folder.ReadRun()
	if err == nil {
		return before, nil
	}
	if info, err := os.Stat(string(folder)); errors.Is(err, fs.ErrNotExist) {
		return run.Run{}, errors.New("there is no such folder")
	} else if err == nil && !info.IsDir() {
		return run.Run{}, errors.New("it is a file: want the folder of a run")
	}
	if others := holdsOthers(folder); others != nil && errors.Is(err, fs.ErrNotExist) {
		return run.Run{}, others
	}
	return run.Run{}, err
}

// holdsOthers is an error if a folder, that is no run itself, holds the folders of runs.
func holdsOthers(folder run.Folder) error {
	files, err := fs.Glob(os.DirFS(string(folder)), "*/"+run.RunFile)
	if err != nil || len(files) == 0 {
		return nil
	}
	return fmt.Errorf("it holds runs and is none itself: want one of them, for example %s", filepath.Dir(folder.Path(files[0])))
}

// traced says why a run has no trace; nil if it may have one.
func traced(before run.Run) error {
	if before.Stage != scenarios.StageLive {
		return nil
	}
	return fmt.Errorf("it ran on the %s stage, in real time: only simulated runs have traces (%s runs it anew)", before.Stage, before.Replay)
}
