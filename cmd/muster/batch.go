package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"muster/model/run"
	"muster/reports"
	"muster/scenarios"
	"muster/scenarios/simulated"
	"muster/sim/trace"
)

// batch makes runs side by side and judges each.
type batch struct {
	// newStage makes a stage for one run, which writes so much of its trace.
	newStage func(trace.Level) scenarios.Stage
	// level is how much of the traces is written at least.
	level trace.Level
	// parallel is how many runs are made at a time.
	parallel int
	// past is what all runs are futures of; nil: each begins by itself.
	past *past
	// shared has runs that begin alike share their beginnings.
	shared bool
	// verify makes each run twice and compares the traces.
	verify bool
	// checkpoints has each run leave checkpoints for visits.
	checkpoints bool
	progress    *progress
}

// outcome is what became of a job.
type outcome struct {
	job    scenarios.Job
	result reports.Result
	// err is why the run could not be made or judged, or how its second run differed.
	err error
}

// run makes all runs that it can until the context ends. Outcomes come in the order of the jobs; those that were never begun are
// left out.
func (b *batch) run(ctx context.Context, jobs []scenarios.Job) []outcome {
	outcomes := make([]*outcome, len(jobs))
	families := b.families(jobs)
	next := make(chan scenarios.Family)
	var workers sync.WaitGroup
	for range min(b.parallel, len(families)) {
		workers.Go(func() {
			for f := range next {
				b.together(ctx, jobs, f, func(i int, o outcome) {
					outcomes[i] = &o
					b.progress.finished(o.job.String(), o.describe(), o.status() == exitAsExpected)
				})
			}
		})
	}
	for _, f := range families {
		select {
		case next <- f:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(next)
	workers.Wait()
	var done []outcome
	for _, o := range outcomes {
		if o != nil {
			done = append(done, *o)
		}
	}
	return done
}

// one makes, judges and reports one run.
func (b *batch) one(ctx context.Context, j scenarios.Job) outcome {
	if b.past != nil {
		return b.conclude(ctx, j, b.past.future(ctx, j))
	}
	if b.checkpoints {
		return b.conclude(ctx, j, driveWithCheckpoints(ctx, b.newStage(b.level), j))
	}
	_, err := drive(ctx, b.newStage(b.level), j)
	return b.conclude(ctx, j, err)
}

// conclude judges and reports a run that has been made, as far as it has. One that got to its end is reported even if the context has
// ended since; one that was cut short then stays as it is.
func (b *batch) conclude(ctx context.Context, j scenarios.Job, err error) outcome {
	o := outcome{job: j, err: err}
	if err != nil && ctx.Err() != nil {
		return o
	}
	if _, err := os.Stat(j.Folder.Path(run.RunFile)); err == nil {
		var err error
		o.result, err = judge(context.WithoutCancel(ctx), j.Folder)
		o.err = errors.Join(o.err, err)
	}
	if b.verify && o.err == nil {
		o.err = b.again(ctx, j)
	}
	return o
}

// again makes a run a second time and compares it with the first. If they differ, both are made once more with full traces, in
// which the first difference is found to the packet and the wake-up. Folders that differ are kept.
func (b *batch) again(ctx context.Context, j scenarios.Job) error {
	differs, err := b.compare(ctx, j.Folder, j, b.level, j.Folder+"-again")
	if err != nil || differs == nil {
		return err
	}
	full := j
	full.Folder = j.Folder + "-full"
	if _, err := drive(ctx, b.newStage(trace.Full), full); err != nil {
		return fmt.Errorf("run with full trace: %w", err)
	}
	switch closer, err := b.compare(ctx, full.Folder, j, trace.Full, j.Folder+"-full-again"); {
	case err != nil:
		return err
	case closer != nil:
		return closer
	}
	return differs
}

// compare makes a job's run in a folder and compares it with an earlier run of it. What differs is returned, and an error only if
// that cannot be told.
func (b *batch) compare(ctx context.Context, earlier run.Folder, j scenarios.Job, level trace.Level, folder run.Folder) (
	differs *statusError, err error) {
	j.Folder = folder
	if _, err := drive(ctx, b.newStage(level), j); err != nil {
		return nil, fmt.Errorf("second run: %w", err)
	}
	err = sameRun(earlier, folder)
	if errors.As(err, &differs) {
		return differs, nil
	}
	if err != nil {
		return nil, err
	}
	return nil, os.RemoveAll(string(folder))
}

// drive plays a job on a stage and closes the stage.
func drive(ctx context.Context, stage scenarios.Stage, j scenarios.Job) (run.Run, error) {
	r, err := scenarios.Drive(ctx, stage, j.Scenario, j.Seed, j.Folder)
	if closeErr := stage.Close(); closeErr != nil {
		err = errors.Join(err, fmt.Errorf("closing the stage: %w", closeErr))
	}
	return r, err
}

// driveWithCheckpoints plays a job on a simulated stage as drive does, and leaves checkpoints in the run folder.
func driveWithCheckpoints(ctx context.Context, stage scenarios.Stage, j scenarios.Job) error {
	play, err := scenarios.Begin(ctx, stage, j.Scenario, j.Seed, j.Folder)
	if err != nil {
		return errors.Join(err, stage.Close())
	}
	left := simulated.LeaveCheckpoints(ctx, play, j.Scenario.Lasts)
	if _, err = play.End(ctx); err == nil {
		err = left // otherwise it is what interrupted the run
	}
	return errors.Join(err, stage.Close())
}

// status is the exit code that an outcome alone would bring about.
func (o outcome) status() int {
	var status *statusError
	switch {
	case errors.As(o.err, &status):
		return status.code
	case o.err != nil:
		return exitFailed
	}
	return statusOf(o.result)
}

// endedEarly says whether all that is wrong is that the run, which has been judged as far as it came, ended early.
func (o outcome) endedEarly() bool {
	return o.err != nil && o.result.Judged && o.err.Error() == o.result.Run.Interrupted
}

// describe says in one line what became of a job.
func (o outcome) describe() string {
	switch {
	case o.endedEarly():
		return o.result.EndedEarly()
	case o.err != nil:
		return o.err.Error()
	}
	text := fmt.Sprintf("as expected, %.0f s", o.result.Run.Lasted.Seconds())
	for i, v := range o.result.Unexpected() {
		if i == 0 {
			text = ""
		} else {
			text += "; "
		}
		text += fmt.Sprintf("%s is %s, expected %s: %s", v.Property, v.Outcome, v.Expected, v.Reason)
	}
	if speed := o.result.Speed(); speed > 0 {
		text += fmt.Sprintf(" (%.1f simulated seconds per CPU second)", speed)
	}
	return text
}
