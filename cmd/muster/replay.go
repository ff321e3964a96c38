package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"muster/model/run"
	"muster/scenarios"
	"muster/scenarios/simulated"
	"muster/sim/trace"
)

func newReplayCommand() *cobra.Command {
	var keep string
	var visit visit
	command := &cobra.Command{
		Use:   "replay RUN_FOLDER",
		Short: "Run a simulated run again and compare it bit for bit, or visit a moment of it",
		Long: `Runs again what a run folder says that it ran: the same scenario, even if the catalog has another by now, with the
same seed, on guests built from the source tree as it is, and compares the traces bit for bit.

--until goes to a moment of the run and shows how the world stands there: machines, what their nodes believe, what is
cut, connections, what was printed last, and the clients' pending operations. --from shows what happened from a moment
on, a second of it or up to --to, in full detail, even if the run kept only the default trace. The first visit
simulates from the beginning, unless the run was made with muster simulate --checkpoints, and leaves a checkpoint every
two simulated seconds in the run folder, of some 2 MB each; later ones, of the same build of muster, go on from the
nearest, which takes less than a second. --checkpoints leaves them for the whole run at once; muster prune deletes
them.

Exit codes: 0 the same run, or the moment was shown; 1 another run, with the first record that differs; 2 it could not
be made.`,
		Example: `  muster replay runs/leader-isolated-seed7
  muster replay runs/leader-isolated-seed7 --out again        # and keep the new run
  muster replay runs/leader-isolated-seed7 --until 34.2s      # how does the world stand there?
  muster replay runs/leader-isolated-seed7 --from 16s --to 16.5s --machine n2 --kind net`,
		Args: wants(1, 1, "the folder of a simulated run"),
		RunE: func(command *cobra.Command, arguments []string) error {
			if err := visit.check(command); err != nil {
				return err
			}
			defer endAtSecondSignal(command.ErrOrStderr())()
			folder := run.Folder(filepath.Clean(arguments[0]))
			if visit.wanted(command) {
				return visit.make(command, folder)
			}
			return replay(command, folder, keep)
		},
	}
	command.Flags().StringVarP(&keep, "out", "o", "", "`folder` to keep the new run in (otherwise it is thrown away)")
	visit.flagOn(command)
	return command
}

// replay runs a run again and compares.
func replay(command *cobra.Command, original run.Folder, keep string) error {
	before, err := runAt(original)
	if err != nil {
		return fmt.Errorf("%s: no run to replay: %w", original, err)
	}
	if err := replayable(before); err != nil {
		return fmt.Errorf("%s: %w", original, err)
	}
	if sameFolder(string(original), keep) {
		return fmt.Errorf("--out %s: the new run would take the place of the one that it is compared with: want another folder", keep)
	}
	if err := original.Intact(before); err != nil {
		return err
	}
	programs, err := simulatedPrograms(command, simulated.NodeOf(before), simulated.NextOf(before))
	if err != nil {
		return err
	}
	again := run.Folder(keep)
	if keep == "" {
		scratch, err := os.MkdirTemp("", "muster-replay-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(scratch)
		again = run.Folder(scratch)
	}
	err = makeAgain(command.Context(), programs, before, simulated.TraceLevelOf(before), again)
	switch {
	case keep != "" && errors.Is(err, context.Canceled):
		return &statusError{exitFailed, fmt.Errorf("interrupted: what there is of the new run is kept in %s", keep)}
	case err != nil:
		return err
	}
	if err := sameRun(original, again); err != nil {
		return err
	}
	fmt.Fprintf(command.OutOrStdout(), "%s: the same run, bit for bit: %d trace records, %s\n", original, before.TraceRecords, before.TraceHash)
	return nil
}

// sameFolder says whether two paths lead to one folder that is there.
func sameFolder(one, other string) bool {
	first, err := os.Stat(one)
	if err != nil {
		return false
	}
	second, err := os.Stat(other)
	return err == nil && os.SameFile(first, second)
}

// makeAgain makes a run again, to its end, with so much of its trace.
func makeAgain(ctx context.Context, programs *simulated.Programs, before run.Run, level trace.Level, folder run.Folder) error {
	play, err := simulated.Again(ctx, programs, before, simulated.Options{Trace: level}, folder)
	if err != nil {
		return err
	}
	_, err = play.End(ctx)
	return errors.Join(err, play.Stage().Close())
}

// replayable says why a run cannot be made again.
func replayable(before run.Run) error {
	if before.Stage != scenarios.StageSimulated {
		return fmt.Errorf("it ran on the %s stage, in real time: only simulated runs can be replayed (%s runs it anew)",
			before.Stage, before.Replay)
	}
	if before.Interrupted != "" {
		return fmt.Errorf("it was interrupted, so there is no whole run to compare with: %s", before.Interrupted)
	}
	_, err := scenarios.Parse(before.Details)
	return err
}

// sameRun compares two runs bit for bit. If they differ, the error says where first, and names guests and versions that are not the same.
func sameRun(one, other run.Folder) error {
	before, err := one.ReadRun()
	if err != nil {
		return err
	}
	now, err := other.ReadRun()
	if err != nil {
		return err
	}
	if before.TraceHash == now.TraceHash && before.TraceRecords == now.TraceRecords {
		return nil
	}
	text := fmt.Sprintf("the traces differ: %s (%d records) and %s (%d records)",
		before.TraceHash, before.TraceRecords, now.TraceHash, now.TraceRecords)
	for _, guest := range now.Guests {
		for _, old := range before.Guests {
			if old.Name == guest.Name && old.SHA256 != guest.SHA256 {
				text += fmt.Sprintf("\n  the guest %s is another build: %.12s then, %.12s now", guest.Name, old.SHA256, guest.SHA256)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(now.Versions)) {
		if was, is := before.Versions[name], now.Versions[name]; was != is && was != "" {
			text += fmt.Sprintf("\n  %s was %s then, and is %s now", name, was, is)
		}
	}
	difference, err := simulated.FirstDifference(one, other)
	switch {
	case err != nil:
		text += fmt.Sprintf("\n  where cannot be told: %v", err)
	case difference != nil:
		text += "\n  " + difference.String()
	}
	return unexpected("%s", text)
}
