package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/spf13/cobra"

	"muster/model/run"
	"muster/scenarios"
	"muster/scenarios/simulated"
)

// forkFlags are the flags of `muster fork`.
type forkFlags struct {
	at    moment
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
run folder whose beginning is the run's, called like the run's and by its own seed: of runs/leader-isolated-seed7 they are
OUT/leader-isolated-seed7-seed8 and so on. An index page and a JUnit file stand beside them. A future can be replayed and
forked as any run can: those of leader-isolated-seed7-seed8 are called leader-isolated-seed7-seed8-seed9 and so on.

It goes on from the last checkpoint before the moment, and leaves one every two simulated seconds on its way there; without any
(see muster replay --checkpoints), the run is made again from its beginning.`,
		Example: `  muster fork runs/leader-isolated-seed7 --at 20s --seeds 50
  muster fork runs/leader-isolated-seed7 --at 20s --seed 31 --out again
  muster fork futures/leader-isolated-seed7-seed8 --at 30s --seeds 5    # futures of one of those futures`,
		Args: wants(1, 1, "the folder of a simulated run"),
		RunE: func(command *cobra.Command, arguments []string) error {
			if !command.Flags().Changed("at") {
				return errors.New("want --at, the moment from which on there are to be other futures, for example --at 20s")
			}
			defer endAtSecondSignal(command.ErrOrStderr())()
			return flags.make(command, run.Folder(filepath.Clean(arguments[0])))
		},
	}
	command.Flags().Var(&flags.at, "at", "the moment, in true time")
	seedFlag(command, &flags.seed, 0, "the first future's seed (otherwise the one after the run's own)")
	countFlag(command, &flags.seeds, "seeds", "", 1, "how many futures")
	countFlag(command, &flags.jobs, "jobs", "j", runtime.NumCPU(), "how many to make at a time")
	command.Flags().StringVarP(&flags.out, "out", "o", "futures", "`folder` for the run folders")
	return command
}

func (f forkFlags) make(command *cobra.Command, folder run.Folder) error {
	before, err := runAt(folder)
	if err != nil {
		return fmt.Errorf("%s: no run to fork: %w", folder, err)
	}
	if err := errors.Join(replayable(before), f.check(before)); err != nil {
		return fmt.Errorf("%s: %w", folder, err)
	}
	if err := folder.Intact(before); err != nil {
		return err
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
	jobs, err := f.jobsOf(command, folder, before)
	if err != nil {
		return err
	}
	trunk, err := f.trunk(command, programs, folder, before, run.Folder(scratch))
	if err != nil {
		return err
	}
	stage := trunk.Stage().(*simulated.Stage)
	defer stage.Close()
	stage.Rest()
	b := batch{past: &past{play: trunk}, parallel: f.jobs}
	return errors.Join(b.report(command, f.out, jobs), trunk.Abandon())
}

// trunk is the run at the moment from which futures go on.
func (f forkFlags) trunk(command *cobra.Command, programs *simulated.Programs, folder run.Folder, before run.Run, scratch run.Folder) (
	*scenarios.Play, error) {
	traveller, err := simulated.NewTraveller(programs, folder)
	switch {
	case err == nil:
		trunk, journey, err := traveller.Relive(command.Context(), f.at.Duration, scratch)
		if journey.Refused != nil {
			fmt.Fprintln(command.ErrOrStderr(), ofNoUse(journey))
		}
		return trunk, err
	case !errors.Is(err, simulated.ErrOtherBuild):
		return nil, err
	}
	fmt.Fprintf(command.ErrOrStderr(), "%v: the futures are those of the run as it is today\n", err)
	trunk, err := simulated.Again(command.Context(), programs, before, simulated.Options{Trace: simulated.TraceLevelOf(before)}, scratch)
	if err != nil {
		return nil, err
	}
	trunk.KnownAs(folder)
	if err := trunk.To(command.Context(), f.at.Duration); err != nil {
		return nil, errors.Join(err, trunk.Stage().Close())
	}
	return trunk, nil
}

// jobsOf are the futures that are wanted of a run.
func (f forkFlags) jobsOf(command *cobra.Command, folder run.Folder, before run.Run) ([]scenarios.Job, error) {
	scenario, err := scenarios.Parse(before.Details)
	if err != nil {
		return nil, err
	}
	first := f.seed
	if !command.Flags().Changed("seed") {
		first = before.Seed + 1
	}
	itself, err := filepath.Abs(string(folder)) // "." has a name, too
	if err != nil {
		return nil, err
	}
	var jobs []scenarios.Job
	for i := range uint64(f.seeds) {
		seed := first + i
		name := fmt.Sprintf("%s-seed%d", filepath.Base(itself), seed)
		jobs = append(jobs, scenarios.Job{Scenario: scenario, Seed: seed, Folder: run.Folder(filepath.Join(f.out, name))})
	}
	return jobs, nil
}

func (f forkFlags) check(before run.Run) error {
	switch {
	case before.Fork != nil && f.at.Duration <= before.Fork.At:
		return fmt.Errorf("--at %v: until %s it is the run with seed %d: fork that", &f.at, inSeconds(before.Fork.At), before.Fork.Seed)
	case f.at.Duration <= 0 || f.at.Duration >= before.Lasted:
		return fmt.Errorf("--at %v: want a time after 0 and before %s, the run's end", &f.at, inSeconds(before.Lasted))
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
