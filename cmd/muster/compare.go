package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"muster/reports"
)

func newCompareCommand() *cobra.Command {
	var write string
	command := &cobra.Command{
		Use:   "compare BASELINE CURRENT",
		Short: "Say whether verdicts or figures got worse, as a Markdown table",
		Long: `Compares two sets of runs: each a folder that holds run folders, or a baseline file. Writes Markdown: every verdict
that changed, every figure that left the baseline's spread, and the statistic that says so. Chance is told from change:
with three runs or more of a scenario on each side what became twice as bad is found, with eight or so smaller changes,
too (muster simulate --seeds 8).

With --write it makes a baseline file of one set instead, small enough to be kept in a repository.

Exit codes: 0 nothing regressed; 1 something did; 2 runs could not be read: they are named, and the others compared.`,
		Example: `  muster compare before after                      # folders of muster simulate --out
  muster compare baseline.json runs > changes.md
  muster compare --write baseline.json runs`,
		Args: func(command *cobra.Command, arguments []string) error {
			switch {
			case write != "" && len(arguments) != 1:
				return fmt.Errorf("muster compare --write wants one set of runs, not %d, for example:\n%s", len(arguments), command.Example)
			case write == "":
				return wants(2, 2, "two sets of runs, BASELINE and CURRENT: folders that hold runs, or baseline files")(command, arguments)
			}
			return nil
		},
		RunE: func(command *cobra.Command, arguments []string) error {
			if write != "" {
				folders, err := foldersAt(arguments)
				if err != nil {
					return err
				}
				if err := reports.WriteBaseline(write, folders); err != nil {
					return err
				}
				runs := "1 run"
				if len(folders) != 1 {
					runs = fmt.Sprintf("%d runs", len(folders))
				}
				_, err = fmt.Fprintf(command.OutOrStdout(), "%s: baseline of %s\n", write, runs)
				return err
			}
			baseline, baselineLacks := reports.ReadSet(arguments[0])
			current, currentLacks := reports.ReadSet(arguments[1])
			unread := errors.Join(baselineLacks, currentLacks)
			if unread != nil && (len(baseline.Scenarios) == 0 || len(current.Scenarios) == 0) {
				return unread
			}
			comparison, err := reports.Compare(baseline, current, reports.CompareOptions{})
			if err != nil {
				return err
			}
			if err := comparison.WriteMarkdown(command.OutOrStdout()); err != nil {
				return err
			}
			if unread != nil {
				return fmt.Errorf("compared without the runs that cannot be read:\n%w", unread)
			}
			if comparison.Regressed() {
				return &statusError{code: exitUnexpected}
			}
			return nil
		},
	}
	command.Flags().StringVar(&write, "write", "", "make this baseline `file` of the given runs instead of comparing")
	return command
}
