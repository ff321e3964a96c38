package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"muster/model/run"
	"muster/sim/trace"
)

func newDiffCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "diff RUN RUN",
		Short: "Explain the first difference of two simulated runs",
		Long: `Compares the traces of two runs, which are run folders or files of muster run --trace, and explains where they
part: the time, the machine, what each run did there, and a few records before and after. Traces that hold everything
(--trace full) part at the very first thing that differs; others at the first that they hold.

Exit codes: 0 they are the same; 1 they differ; 2 they cannot be compared.`,
		Example: `  muster diff runs/calm-seed1 runs/calm-seed1-again
  muster run ./server --trace one.trace && muster run ./server --trace two.trace && muster diff one.trace two.trace`,
		Args: cobra.ExactArgs(2),
		RunE: func(command *cobra.Command, paths []string) error {
			left, err := openTrace(paths[0])
			if err != nil {
				return err
			}
			defer left.Close()
			right, err := openTrace(paths[1])
			if err != nil {
				return err
			}
			defer right.Close()
			difference, err := trace.Compare(left, right)
			if err != nil {
				return fmt.Errorf("comparing %s (left) and %s (right): %w", paths[0], paths[1], err)
			}
			if difference == nil {
				fmt.Fprintln(command.OutOrStdout(), "the same, bit for bit")
				return nil
			}
			contrast(command.OutOrStdout(), run.Folder(paths[0]), run.Folder(paths[1]))
			fmt.Fprint(command.OutOrStdout(), difference.Explain(paths[0], paths[1]))
			return &statusError{code: exitUnexpected}
		},
	}
}

// contrast tells in what two runs differed from the beginning, as far as they are run folders: that explains what comes.
func contrast(out io.Writer, one, other run.Folder) {
	left, err := one.ReadRun()
	if err != nil {
		return // a file of muster run
	}
	right, err := other.ReadRun()
	if err != nil {
		return
	}
	if left.Scenario != right.Scenario {
		fmt.Fprintf(out, "Not the same scenario: %s and %s.\n", left.Scenario, right.Scenario)
	}
	if left.Seed != right.Seed {
		fmt.Fprintf(out, "Not the same seed: %d and %d.\n", left.Seed, right.Seed)
	}
	for i := range min(len(left.Guests), len(right.Guests)) {
		if l, r := left.Guests[i], right.Guests[i]; l.SHA256 != r.SHA256 {
			fmt.Fprintf(out, "Not the same program: %s, build %.12s, and %s, build %.12s.\n", l.Name, l.SHA256, r.Name, r.SHA256)
		}
	}
}
