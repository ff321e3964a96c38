package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"muster/model/run"
	"muster/scenarios"
	"muster/scenarios/simulated"
)

// forkFlags are the flags of `muster fork`.
type forkFlags struct {
	at    time.Duration
	seed  uint64
	seeds int
	jobs  int
	out   string
}

func newForkCommand() *cobra.Command {
	var flags forkFlags
	command := &cobra.Command{
		Use:   "fork RUN_FOLDER",
		Short: "Try other futures of a simulated run from a moment on, and judge them",
		Long: `Makes a run again up to a moment, and from there goes on with other seeds: what is left to chance from then on, packets,
disks, what programs draw, and the times and victims of faults still to come, is different in each. Every future leaves a
run folder, OUT/<scenario>-seed<N>, whose beginning is the run's; an index page and a JUnit file stand beside them. A future
can be replayed as any run can.`,
		Example: `  muster fork runs/leader-isolated-seed7 --at 20s --seeds 50
  muster fork runs/leader-isolated-seed7 --at 20s --seed 31 --out again`,
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, arguments []string) error {
			if !command.Flags().Changed("at") {
				return errors.New("want --at, the moment from which on there are to be other futures, for example --at 20s")
			}
			return flags.make(command, run.Folder(filepath.Clean(arguments[0])))
		},
	}
	command.Flags().DurationVar(&flags.at, "at", 0, "the moment, in true time")
	command.Flags().Uint64Var(&flags.seed, "seed", 0, "the first future's seed (otherwise the one after the run's own)")
	command.Flags().IntVar(&flags.seeds, "seeds", 1, "how many futures")
	command.Flags().IntVarP(&flags.jobs, "jobs", "j", runtime.NumCPU(), "how many to make at a time")
	command.Flags().StringVarP(&flags.out, "out", "o", "futures", "folder for the run folders")
	return command
}

func (f forkFlags) make(command *cobra.Command, folder run.Folder) error {
	before, err := folder.ReadRun()
	if err != nil {
		return fmt.Errorf("%s: no run to fork: %w", folder, err)
	}
	if err := errors.Join(replayable(before), f.check(before)); err != nil {
		return fmt.Errorf("%s: %w", folder, err)
	}
	programs, err := programsOf(command, before)
	if err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "muster-fork-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	trunk, err := simulated.Again(command.Context(), programs, before, simulated.Options{Trace: simulated.TraceLevelOf(before)}, run.Folder(scratch))
	if err != nil {
		return err
	}
	stage := trunk.Stage().(*simulated.Stage)
	defer stage.Close()
	if err := trunk.To(command.Context(), f.at); err != nil {
		return err
	}
	stage.Rest()
	scenario, err := scenarios.Parse(before.Details)
	if err != nil {
		return err
	}
	first := f.seed
	if !command.Flags().Changed("seed") {
		first = before.Seed + 1
	}
	var jobs []scenarios.Job
	for i := range uint64(f.seeds) {
		name := fmt.Sprintf("%s-seed%d", scenario.Name, first+i)
		jobs = append(jobs, scenarios.Job{Scenario: scenario, Seed: first + i, Folder: run.Folder(filepath.Join(f.out, name))})
	}
	b := batch{past: &past{play: trunk}, parallel: f.jobs}
	return errors.Join(b.report(command, f.out, jobs), trunk.Abandon())
}

func (f forkFlags) check(before run.Run) error {
	switch {
	case before.Fork != nil:
		return fmt.Errorf("it is itself a future of the run with seed %d: fork that", before.Fork.Seed)
	case f.at <= 0 || f.at >= before.Lasted:
		return fmt.Errorf("--at %v: want a time after 0 and before %v, the run's end", f.at, before.Lasted)
	case f.seeds < 1:
		return fmt.Errorf("--seeds %d: want at least 1", f.seeds)
	case f.jobs < 1:
		return fmt.Errorf("--jobs %d: want at least 1", f.jobs)
	}
	return nil
}

// past is a run that stands still, of which several workers make futures.
type past struct {
	mutex sync.Mutex
	play  *scenarios.Play
}

// future makes a job's run from the past.
func (p *past) future(ctx context.Context, j scenarios.Job) error {
	p.mutex.Lock()
	play, err := p.play.Fork(j.Scenario, j.Seed, j.Folder)
	p.mutex.Unlock()
	if err != nil {
		return err
	}
	_, err = play.End(ctx)
	return errors.Join(err, play.Stage().Close())
}
