package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"muster/model/run"
	"muster/reports"
)

func newCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check RUN_FOLDER...",
		Short: "Judge runs again from what they left",
		Long: `Has today's checkers judge old runs again, simulated or live, and makes their reports anew. A folder that holds
run folders stands for all of them; its index page and JUnit file are made anew, too.`,
		Example: `  muster check runs/leader-isolated-seed7
  muster check runs`,
		Args: wants(1, 0, "run folders, or folders that hold some"),
		RunE: func(command *cobra.Command, paths []string) error {
			folders, err := foldersAt(paths)
			var results []reports.Result
			var judged []run.Folder
			var broken []error
			if err != nil {
				broken = append(broken, err)
			}
			for _, folder := range folders {
				result, err := judge(command.Context(), folder)
				if err != nil {
					broken = append(broken, err)
					continue
				}
				results, judged = append(results, result), append(judged, folder)
			}
			if len(results) == 0 {
				return errors.Join(broken...)
			}
			err = summarise(command.OutOrStdout(), results)
			if holdsRuns(paths, folders) {
				if err := writeOverview(command.Context(), paths[0], judged); err != nil {
					broken = append(broken, err)
				}
			}
			if len(broken) == 0 {
				return err
			}
			return &statusError{worse(exitFailed, statusOf(results...)), errors.Join(broken...)}
		},
	}
}

func newReportCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "report RUN_FOLDER...",
		Short: "Make the reports of runs anew, without judging them again",
		Example: `  muster report runs/leader-isolated-seed7
  muster report runs                               # all of them, and the index page`,
		Args: wants(1, 0, "run folders, or folders that hold some"),
		RunE: func(command *cobra.Command, paths []string) error {
			folders, err := foldersAt(paths)
			var whole []run.Folder
			var broken []error
			if err != nil {
				broken = append(broken, err)
			}
			for _, folder := range folders {
				if err := reports.WriteRun(command.Context(), folder); err != nil {
					broken = append(broken, fmt.Errorf("report of %s: %w", folder, err))
					continue
				}
				whole = append(whole, folder)
				fmt.Fprintln(command.OutOrStdout(), folder.Path(run.ReportFile))
			}
			if holdsRuns(paths, folders) && len(whole) > 0 {
				broken = append(broken, writeOverview(command.Context(), paths[0], whole))
			}
			return errors.Join(broken...)
		},
	}
}

// holdsRuns says whether one path was given, of a folder that holds run folders and is none itself: one with an index page.
func holdsRuns(paths []string, folders []run.Folder) bool {
	return len(paths) == 1 && len(folders) > 0 && folders[0] != run.Folder(filepath.Clean(paths[0]))
}
