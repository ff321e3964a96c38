package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

func newPruneCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "prune RUN_FOLDER...",
		Short: "Delete the checkpoints of runs",
		Long: `Deletes the checkpoints that visits, forks and --checkpoints left in run folders: 2 MB for every two simulated seconds, most
of what such a folder takes. Nothing else is lost: the next visit makes those again that it needs. Those of another build of muster
are of no use in any case. A folder that holds run folders stands for all of them.`,
		Example: `  muster prune runs/leader-isolated-seed7
  muster prune runs`,
		Args: wants(1, 0, "run folders, or folders that hold some"),
		RunE: func(command *cobra.Command, paths []string) error {
			folders, err := foldersAt(paths)
			broken := []error{err}
			files, bytes := 0, int64(0)
			for _, folder := range folders {
				removed, freed, err := folder.RemoveCheckpoints()
				files, bytes = files+removed, bytes+freed
				broken = append(broken, err)
			}
			fmt.Fprintf(command.OutOrStdout(), "checkpoints deleted: %d, with %.1f MB\n", files, float64(bytes)/1e6)
			return errors.Join(broken...)
		},
	}
}
