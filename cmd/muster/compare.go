package main

import (
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
that changed, every figure that left the baseline's spread, and the statistic that says so. Exit code 1 if anything
regressed. Chance is told from change: with three runs or more of a scenario on each side what became twice as bad is
found, with eight or so smaller changes, too (muster simulate --seeds 8).

With --write it makes a baseline file of one set instead, small enough to be kept in a repository.`,
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
			baseline, err := reports.ReadSet(arguments[0])
			if err != nil {
				return err
			}
			current, err := reports.ReadSet(arguments[1])
			if err != nil {
				return err
			}
			comparison, err := reports.Compare(baseline, current, reports.CompareOptions{})
			if err != nil {
				return err
			}
			if err := comparison.WriteMarkdown(command.OutOrStdout()); err != nil {
				return err
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
