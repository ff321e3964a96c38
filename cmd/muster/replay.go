package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"muster/model/run"
	"muster/scenarios"
	"muster/scenarios/simulated"
)

func newReplayCommand() *cobra.Command {
	var keep string
	command := &cobra.Command{
		Use:   "replay RUN_FOLDER",
		Short: "Run a simulated run again and compare it bit for bit",
		Long: `Runs again what a run folder says that it ran: the same scenario, even if the catalog has another by now, with the
same seed, on guests built from the source tree as it is. Exit code 0 if the trace is the same bit for bit; 1 if it
is not, with the first record that differs.`,
		Example: `  muster replay runs/leader-isolated-seed7
  muster replay runs/leader-isolated-seed7 --out again        # and keep the new run`,
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, arguments []string) error {
			original := run.Folder(filepath.Clean(arguments[0]))
			before, err := original.ReadRun()
			if err != nil {
				return fmt.Errorf("%s: no run to replay: %w", original, err)
			}
			again, err := replayJob(before)
			if err != nil {
				return fmt.Errorf("%s: %w", original, err)
			}
			programs, err := simulatedPrograms(command, simulated.NodeOf(before))
			if err != nil {
				return err
			}
			if keep == "" {
				scratch, err := os.MkdirTemp("", "muster-replay-")
				if err != nil {
					return err
				}
				defer os.RemoveAll(scratch)
				again.folder = run.Folder(scratch)
			} else {
				again.folder = run.Folder(keep)
			}
			if _, err := drive(command.Context(), simulated.New(programs, simulated.Options{Trace: simulated.TraceLevelOf(before)}), again); err != nil {
				return err
			}
			if err := sameRun(original, again.folder); err != nil {
				return err
			}
			fmt.Fprintf(command.OutOrStdout(), "%s: the same run, bit for bit: %d trace records, %s\n", original, before.TraceRecords, before.TraceHash)
			return nil
		},
	}
	command.Flags().StringVarP(&keep, "out", "o", "", "folder to keep the new run in (otherwise it is thrown away)")
	return command
}

// replayJob is the job that a run was.
func replayJob(before run.Run) (job, error) {
	if before.Stage != scenarios.StageSimulated {
		return job{}, fmt.Errorf("it ran on the %s stage, in real time: only simulated runs can be replayed (%s runs it anew)", before.Stage, before.Replay)
	}
	if before.Interrupted != "" {
		return job{}, fmt.Errorf("it was interrupted, so there is no whole run to compare with: %s", before.Interrupted)
	}
	scenario, err := scenarios.Parse(before.Details)
	if err != nil {
		return job{}, err
	}
	return job{scenario: scenario, seed: before.Seed}, nil
}

// sameRun compares two runs bit for bit. If they differ, the error says where first, and names guests that are not the same.
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
	text := fmt.Sprintf("the traces differ: %s (%d records) and %s (%d records)", before.TraceHash, before.TraceRecords, now.TraceHash, now.TraceRecords)
	for _, guest := range now.Guests {
		for _, old := range before.Guests {
			if old.Name == guest.Name && old.SHA256 != guest.SHA256 {
				text += fmt.Sprintf("\n  the guest %s is another build: %.12s then, %.12s now", guest.Name, old.SHA256, guest.SHA256)
			}
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
