package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"muster/model/run"
	"muster/model/timing"
	"muster/reports"
	"muster/scenarios"
	"muster/scenarios/timings"
	"muster/sim/trace"
)

// timingsFlags are the flags of `muster timings`.
type timingsFlags struct {
	seed   uint64
	seeds  int
	jobs   int
	out    string
	broken defects
	nacos  bool
	// left has no runs made, and those measured that earlier calls left.
	left bool
}

func newTimingsCommand() *cobra.Command {
	var flags timingsFlags
	command := &cobra.Command{
		Use:   "timings [EXPERIMENT...]",
		Short: "Time what a cluster does, beside what a real one took",
		Long: `Runs the named timing experiments, or all, with several seeds on simulated machines, and puts what they took beside what was
measured in the same experiments with a real Nacos cluster: a table here and in OUT/timings.md, and a page with pictures in
OUT/timings.html. The table says when a figure is within the measured spread, and, where it is not, why, and whether that is for
the better.

The runs' folders stand in OUT as those of other scenarios do, and muster replay runs one again. --left measures them once more
and makes none: what one call after another has left in OUT comes into one table.

--defect brings back what real clusters do and this node does not; with consensus/keepBrokenConnections, for example, the nodes
of a healed cut find each other as late as the real ones. --as-nacos brings back all of it: that figures outside the measured
spread come to lie within it then shows that their reasons hold. It stands for

  ` + strings.Join(asNacos(), "\n  ") + `

Exit codes: 0 no surprise; 1 a figure lies outside the measured spread and nobody has said why; 2 an experiment could not be run.`,
		Example: `  muster timings --seeds 8
  muster timings isolate-follower-60s kill-leader
  muster timings --seeds 8 --left
  muster timings isolate-follower-60s --defect consensus/keepBrokenConnections
  muster timings isolate-leader-60s kill-leader --as-nacos`,
		ValidArgsFunction: completeExperiments,
		RunE: func(command *cobra.Command, names []string) error {
			if flags.nacos {
				flags.broken = append(flags.broken, asNacos()...)
			}
			chosen, err := chooseExperiments(names)
			if err != nil {
				return err
			}
			jobs, err := flags.plan(chosen)
			if err != nil {
				return err
			}
			outcomes, err := flags.outcomes(command, jobs)
			if err != nil {
				return err
			}
			return flags.report(command, chosen, outcomes)
		},
	}
	seedFlag(command, &flags.seed, 1, "the first seed")
	countFlag(command, &flags.seeds, "seeds", "", 3, "how many seeds, counted on from the first")
	countFlag(command, &flags.jobs, "jobs", "j", runtime.NumCPU(), "how many runs to make at a time")
	command.Flags().StringVarP(&flags.out, "out", "o", filepath.Join("runs", "timings"), "`folder` for the run folders and the page")
	command.Flags().BoolVar(&flags.left, "left", false, "make no runs, and measure those that earlier calls left in OUT")
	flags.broken.flagOn(command)
	command.Flags().BoolVar(&flags.nacos, "as-nacos", false, "run nodes with all defects that account for the measured figures")
	return command
}

// chooseExperiments returns the experiments of some names, or all if there are none.
func chooseExperiments(names []string) ([]timings.Experiment, error) {
	catalog := timings.Catalog()
	if len(names) == 0 {
		return catalog, nil
	}
	var known []string
	for _, e := range catalog {
		known = append(known, e.Name)
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("there is no experiment %q: want one of %s", name, strings.Join(known, ", "))
		}
	}
	return slices.DeleteFunc(catalog, func(e timings.Experiment) bool { return !slices.Contains(names, e.Name) }), nil
}

// completeExperiments offers the experiments' names, with their claims, to the shell.
func completeExperiments(_ *cobra.Command, given []string, start string) ([]string, cobra.ShellCompDirective) {
	var offers []string
	for _, e := range timings.Catalog() {
		if !slices.Contains(given, e.Name) && strings.HasPrefix(e.Name, start) {
			offers = append(offers, e.Name+"\t"+e.Claim)
		}
	}
	return offers, cobra.ShellCompDirectiveNoFileComp
}

// plan lists the runs that the flags ask for.
func (f timingsFlags) plan(chosen []timings.Experiment) ([]scenarios.Job, error) {
	if f.seeds < 1 || f.jobs < 1 {
		return nil, fmt.Errorf("--seeds %d, --jobs %d: want at least 1 of each", f.seeds, f.jobs)
	}
	var jobs []scenarios.Job
	for _, e := range chosen {
		for i := range f.seeds {
			seed := f.seed + uint64(i)
			scenario, err := f.broken.in([]scenarios.Scenario{e.Scenario(seed)})
			if err != nil {
				return nil, err
			}
			name := e.Name
			if broken := f.broken.short(); broken != "" {
				name += "-" + broken
			}
			folder := run.Folder(filepath.Join(f.out, fmt.Sprintf("%s-seed%d", name, seed)))
			jobs = append(jobs, scenarios.Job{Scenario: scenario[0], Seed: seed, Folder: folder})
		}
	}
	return jobs, nil
}

// outcomes makes the runs, or finds those that are there.
func (f timingsFlags) outcomes(command *cobra.Command, jobs []scenarios.Job) ([]outcome, error) {
	if f.left {
		return f.found(jobs)
	}
	programs, err := simulatedPrograms(command, "", "")
	if err != nil {
		return nil, err
	}
	defer endAtSecondSignal(command.ErrOrStderr())()
	b := batch{newStage: simulatedStages(programs, 0), level: trace.Normal, parallel: f.jobs}
	b.progress = newProgress(command.ErrOrStderr(), len(jobs))
	defer b.progress.close()
	return b.run(command.Context(), jobs), nil
}

// found are the runs that are there.
func (f timingsFlags) found(jobs []scenarios.Job) ([]outcome, error) {
	var found []outcome
	for _, j := range jobs {
		if _, err := os.Stat(j.Folder.Path(run.RunFile)); err == nil {
			found = append(found, outcome{job: j})
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("--left: there is no run of these experiments and seeds in %s, such as %s; without --left they are made", f.out, jobs[0].Folder)
	}
	return found, nil
}

// report measures the runs and writes the table and the page.
func (f timingsFlags) report(command *cobra.Command, chosen []timings.Experiment, outcomes []outcome) error {
	shown := reports.Timings{Source: timings.Source(), Defects: f.broken}
	all := map[timing.Key]timing.Samples{}
	var failed []error
	for _, e := range chosen {
		timed := reports.TimedExperiment{Name: e.Name, Claim: e.Claim}
		for _, o := range outcomes {
			if o.job.Scenario.Name != e.Name {
				continue
			}
			samples, err := e.Measure(o.job.Folder)
			if err := errors.Join(o.err, err); err != nil {
				failed = append(failed, fmt.Errorf("%s: %w", o.job, err))
				continue
			}
			timed.Runs++
			timings.Merge(all, samples)
		}
		if timed.Runs > 0 {
			shown.Experiments = append(shown.Experiments, timed)
		}
	}
	shown.Rows = timings.Table(all)
	for i := range shown.Rows {
		if len(f.broken) > 0 { // reasons are about nodes as they should be
			shown.Rows[i].Reason, shown.Rows[i].Kind = "", ""
		}
	}
	if err := reports.TimingsTable(command.OutOrStdout(), shown.Rows); err != nil {
		return err
	}
	if err := reports.WriteTimings(context.WithoutCancel(command.Context()), f.out, shown); err != nil {
		return err
	}
	fmt.Fprintln(command.OutOrStdout(), filepath.Join(f.out, reports.TimingsFile))
	if err := command.Context().Err(); err != nil {
		return &statusError{exitFailed, fmt.Errorf("interrupted: %d of %d runs finished; they and the table of them are kept in %s",
			len(outcomes)-len(failed), f.seeds*len(chosen), f.out)}
	}
	if len(failed) > 0 {
		return &statusError{exitFailed, errors.Join(failed...)}
	}
	// With a defect nodes are meant to be otherwise.
	if at := slices.IndexFunc(shown.Rows, timing.Row.Unexplained); at >= 0 && len(f.broken) == 0 {
		return unexpected("%s lies outside the measured spread without a reason, and perhaps others", shown.Rows[at].Key)
	}
	return nil
}
