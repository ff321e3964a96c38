package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"muster/model/run"
)

// Runs that are left are measured if they are of the nodes that are asked for.
func TestTimingsOfRunsThatAreLeft(t *testing.T) {
	flags := timingsFlags{seed: 1, seeds: 2, jobs: 1, out: t.TempDir(), left: true}
	chosen, err := chooseExperiments([]string{"pause"})
	require.NoError(t, err)
	found := func(broken ...string) ([]outcome, error) {
		flags.broken = broken
		jobs, err := flags.plan(chosen)
		require.NoError(t, err)
		return flags.found(jobs)
	}
	_, err = found()
	require.ErrorContains(t, err, "there is no run of these experiments and seeds in "+flags.out)

	folder := run.Folder(filepath.Join(flags.out, "pause-seed2"))
	require.NoError(t, folder.WriteJSON(run.RunFile, run.Run{Format: run.Format, Scenario: "pause", Seed: 2}))
	outcomes, err := found()
	require.NoError(t, err)
	require.Len(t, outcomes, 1)
	require.Equal(t, folder, outcomes[0].job.Folder)

	_, err = found("distro/skipSync")
	require.ErrorContains(t, err, "there is no run", "of other nodes")
}
