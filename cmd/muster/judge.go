package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/google/renameio/v2"

	"muster/checker"
	"muster/model/run"
	"muster/reports"
)

// junitFile stands beside the run folders and the index page.
const junitFile = "junit.xml"

// judge has the checkers look at a run and makes its report.
func judge(ctx context.Context, folder run.Folder) (reports.Result, error) {
	if _, _, err := checker.JudgeFolder(ctx, folder); err != nil {
		return reports.Result{}, err
	}
	if err := reports.WriteRun(ctx, folder); err != nil {
		return reports.Result{}, fmt.Errorf("report of %s: %w", folder, err)
	}
	return reports.ReadResult(folder)
}

// statusOf is the exit code that a run's verdicts bring about.
func statusOf(results ...reports.Result) int {
	status := exitAsExpected
	for _, result := range results {
		for _, v := range result.Unexpected() {
			status = worse(status, statusOfVerdict(v))
		}
		if !result.Judged || result.Run.Interrupted != "" {
			status = worse(status, exitFailed)
		}
	}
	return status
}

func statusOfVerdict(v checker.Verdict) int {
	if v.Outcome == checker.Undecided {
		return exitFailed
	}
	return exitUnexpected
}

// worse of two exit codes: a verdict that is certainly not as expected outranks one that is not known.
func worse(a, b int) int {
	if a == exitUnexpected || b == exitUnexpected {
		return exitUnexpected
	}
	return max(a, b)
}

// summarise writes the table of some runs, and returns the error that ends the command: none if all is as expected.
func summarise(w io.Writer, results []reports.Result) error {
	if err := reports.Table(w, results, isTerminal(w)); err != nil {
		return err
	}
	if status := statusOf(results...); status != exitAsExpected {
		return &statusError{code: status}
	}
	return nil
}

// writeOverview writes the index page and the JUnit file beside run folders, about all judged runs that are there.
func writeOverview(ctx context.Context, out string, folders []run.Folder) error {
	folders = withEarlier(out, folders)
	if err := reports.WriteIndex(ctx, out, folders); err != nil {
		return fmt.Errorf("index page: %w", err)
	}
	var junit bytes.Buffer
	err := reports.WriteJUnit(&junit, folders)
	if err == nil {
		err = renameio.WriteFile(filepath.Join(out, junitFile), junit.Bytes(), 0o666)
	}
	if err != nil {
		return fmt.Errorf("JUnit file: %w", err)
	}
	return nil
}

// withEarlier adds the runs that lie in the same folder from before: the index shows all that it leads to, and who hands the JUnit
// file on after several commands loses no failure. Those that cannot be read are left out: they are not what was asked for.
func withEarlier(out string, folders []run.Folder) []run.Folder {
	all := slices.Clone(folders)
	found, err := run.Find(out)
	if err != nil {
		return all
	}
	for _, folder := range found {
		if slices.Contains(folders, folder) {
			continue
		}
		if earlier, err := reports.ReadResult(folder); err == nil && earlier.Judged {
			all = append(all, folder)
		}
	}
	return all
}

// foldersAt finds the run folders at or below paths, each once. The error is about paths where there are none; the others are found
// all the same.
func foldersAt(paths []string) ([]run.Folder, error) {
	var folders []run.Folder
	var missing []error
	seen := map[run.Folder]bool{}
	for _, path := range paths {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			missing = append(missing, fmt.Errorf("no run folder at %s", path))
			continue
		}
		found, err := run.Find(filepath.Clean(path))
		if err != nil {
			missing = append(missing, err)
			continue
		}
		for _, folder := range found {
			if !seen[folder] {
				folders = append(folders, folder)
			}
			seen[folder] = true
		}
	}
	return folders, errors.Join(missing...)
}
