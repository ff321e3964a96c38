package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"muster/model/run"
	"muster/reports"
)

func newCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check RUN_FOLDER...",
		Short: "Judge runs again from what they left",
		Long: `Has today's checkers judge old runs again, simulated or live, and makes their reports anew. A folder that holds
run folders stands for all of them.`,
		Example: `  muster check runs/leader-isolated-seed7
  muster check runs`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(command *cobra.Command, paths []string) error {
			folders, err := foldersAt(paths)
			if err != nil {
				return err
			}
			var results []reports.Result
			for _, folder := range folders {
				result, err := judge(command.Context(), folder)
				if err != nil {
					return err
				}
				results = append(results, result)
			}
			return summarise(command.OutOrStdout(), results)
		},
	}
}

func newReportCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "report RUN_FOLDER...",
		Short: "Make the reports of runs anew, without judging them again",
		Example: `  muster report runs/leader-isolated-seed7
  muster report runs                               # all of them, and the index page`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(command *cobra.Command, paths []string) error {
			folders, err := foldersAt(paths)
			if err != nil {
				return err
			}
			for _, folder := range folders {
				if err := reports.WriteRun(command.Context(), folder); err != nil {
					return fmt.Errorf("report of %s: %w", folder, err)
				}
				fmt.Fprintln(command.OutOrStdout(), folder.Path(run.ReportFile))
			}
			if len(paths) == 1 && len(folders) > 1 {
				return writeOverview(command.Context(), paths[0], folders)
			}
			return nil
		},
	}
}
