package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"muster/model/run"
	"muster/scenarios/simulated"
	"muster/sim/trace"
)

func newDiffCommand() *cobra.Command {
	var asWritten bool
	command := &cobra.Command{
		Use:   "diff RUN RUN",
		Short: "Explain the first difference of two simulated runs",
		Long: `Compares the traces of two runs, which are run folders or files of muster run --trace, and explains where they
part: the time, the machine, what each run did there, and a few records before and after. Traces that hold everything
(--trace full) part at the very first thing that differs. Runs whose traces hold less are made again in full up to the
first difference that was written, so that what came before it is found; --as-written does without.

Exit codes: 0 they are the same; 1 they differ; 2 they cannot be compared.`,
		Example: `  muster diff runs/calm-seed1 runs/calm-seed1-again
  muster run ./server --trace one.trace && muster run ./server --trace two.trace && muster diff one.trace two.trace`,
		Args: wants(2, 2, "two runs: folders of simulated ones, or trace files"),
		RunE: func(command *cobra.Command, paths []string) error {
			if err := alike(run.Folder(paths[0]), run.Folder(paths[1])); err != nil {
				return err
			}
			difference, err := differenceOf(paths[0], paths[1])
			if err != nil {
				return err
			}
			if difference == nil {
				fmt.Fprintln(command.OutOrStdout(), "the same, bit for bit")
				return nil
			}
			contrast(command.OutOrStdout(), run.Folder(paths[0]), run.Folder(paths[1]))
			if !asWritten {
				closer, err := closerLook(command, run.Folder(paths[0]), run.Folder(paths[1]), difference)
				if err != nil {
					fmt.Fprintf(command.ErrOrStderr(),
						"this is what the traces hold, which were not written in full; the runs cannot be made again: %v\n", err)
				} else if closer != nil {
					difference = closer
				}
			}
			fmt.Fprint(command.OutOrStdout(), difference.Explain(paths[0], paths[1]))
			return &statusError{code: exitUnexpected}
		},
	}
	command.Flags().BoolVar(&asWritten, "as-written", false, "compare only what the traces hold, without making runs again")
	return command
}

// differenceOf compares two trace files, or those of run folders.
func differenceOf(one, other string) (*trace.Difference, error) {
	left, err := openTrace(one)
	if err != nil {
		return nil, err
	}
	defer left.Close()
	right, err := openTrace(other)
	if err != nil {
		return nil, err
	}
	defer right.Close()
	difference, err := trace.Compare(left, right)
	if err != nil {
		return nil, fmt.Errorf("comparing %s (left) and %s (right): %w", one, other, err)
	}
	return difference, nil
}

// beyond is how far runs are made again after where they part, so that what each does next is there to be shown.
const beyond = time.Second

// closerLook makes two runs again up to a bit after where their traces part, in full, and compares those. It returns nil if there is
// nothing to be made again: files of muster run, or traces that were full.
func closerLook(command *cobra.Command, one, other run.Folder, seen *trace.Difference) (*trace.Difference, error) {
	scratch, err := os.MkdirTemp("", "muster-diff-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	var folders []run.Folder
	for i, folder := range []run.Folder{one, other} {
		before, err := folder.ReadRun()
		if err != nil || simulated.TraceLevelOf(before) == trace.Full {
			return nil, nil
		}
		if err := replayable(before); err != nil {
			return nil, fmt.Errorf("%s: %w", folder, err)
		}
		until := before.Lasted
		if seen.Left != nil || seen.Right != nil {
			until = min(until, seen.At+beyond)
		}
		again := run.Folder(filepath.Join(scratch, fmt.Sprint(i)))
		if err := makeFull(command, before, until, again); err != nil {
			return nil, fmt.Errorf("%s: %w", folder, err)
		}
		folders = append(folders, again)
	}
	return simulated.FirstDifference(folders[0], folders[1])
}

// makeFull makes a run again with a full trace, up to a time, in a folder, with the programs that it had.
func makeFull(command *cobra.Command, before run.Run, until time.Duration, folder run.Folder) error {
	programs, err := programsOf(command, before)
	if err != nil {
		return err
	}
	for i, guest := range programs.Guests() {
		if i >= len(before.Guests) || before.Guests[i].SHA256 != guest.SHA256 {
			return fmt.Errorf("it had another build of the guest %s", guest.Name)
		}
	}
	play, err := simulated.Again(command.Context(), programs, before, simulated.Options{Trace: trace.Full}, folder)
	if err != nil {
		return err
	}
	err = play.To(command.Context(), until)
	return errors.Join(err, play.Abandon(), play.Stage().Close())
}

// alike refuses two runs of different scenarios, as far as they are run folders: those have nothing in common that could part. It refuses
// damaged folders, too: where such a run parts from another says nothing of the runs.
func alike(one, other run.Folder) error {
	left, err := one.ReadRun()
	if err != nil {
		return nil // a file of muster run, or what is refused when its trace is opened
	}
	right, err := other.ReadRun()
	if err != nil {
		return nil
	}
	if left.Scenario != right.Scenario {
		return fmt.Errorf("%s is a run of %s, %s of %s: want two runs of the same scenario, others cannot be compared",
			one, left.Scenario, other, right.Scenario)
	}
	return errors.Join(one.Intact(left), other.Intact(right))
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
	if left.Seed != right.Seed {
		fmt.Fprintf(out, "Not the same seed: %d and %d.\n", left.Seed, right.Seed)
	}
	for i := range min(len(left.Guests), len(right.Guests)) {
		if l, r := left.Guests[i], right.Guests[i]; l.SHA256 != r.SHA256 {
			fmt.Fprintf(out, "Not the same program: %s, build %.12s, and %s, build %.12s.\n", l.Name, l.SHA256, r.Name, r.SHA256)
		}
	}
}
