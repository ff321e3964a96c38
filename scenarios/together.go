package scenarios

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"muster/model/run"
)

// Job is one run that is to be made.
type Job struct {
	Scenario Scenario
	Seed     uint64
	Folder   run.Folder
}

func (j Job) String() string { return fmt.Sprintf("%s seed %d", j.Scenario.Name, j.Seed) }

// firstStrike is when its first fault strikes.
func (j Job) firstStrike() int64 { return int64(FirstStrike(j.Scenario, j.Seed)) }

// Family are jobs, by their places in a list, whose runs are the same until the first fault strikes. They are in the order of that; one
// alone has no relatives.
type Family []int

// Families sorts jobs into families of so many at most.
func Families(jobs []Job, largest int) []Family {
	var found []Family
	for i, j := range jobs {
		at := slices.IndexFunc(found, func(f Family) bool {
			first := jobs[f[0]]
			return len(f) < largest && first.Seed == j.Seed && SameBeginning(first.Scenario, j.Scenario)
		})
		if at < 0 {
			found = append(found, Family{i})
		} else {
			found[at] = append(found[at], i)
		}
	}
	for _, f := range found {
		slices.SortStableFunc(f, func(a, b int) int { return cmp.Compare(jobs[a].firstStrike(), jobs[b].firstStrike()) })
	}
	return found
}

// Together makes the runs of a family, each of which leaves what it would have left alone: the one whose first fault comes last is made
// from its beginning, and the others are forked from it, each just before its own first fault. Whatever cannot be forked is made by itself.
// Each run's place in the list of jobs, and what interrupted it, is told once it is over; those that had not begun when the context ended
// are left out.
func Together(ctx context.Context, newStage func() Stage, jobs []Job, family Family, done func(i int, err error)) {
	last := family[len(family)-1]
	stage := newStage()
	trunk, err := Begin(ctx, stage, jobs[last].Scenario, jobs[last].Seed, jobs[last].Folder)
	if err != nil {
		done(last, errors.Join(err, closed(stage)))
	}
	for _, i := range family[:len(family)-1] {
		if ctx.Err() != nil {
			break
		}
		if branch := branch(ctx, trunk, jobs[i]); branch != nil {
			_, err := branch.End(ctx)
			done(i, errors.Join(err, closed(branch.Stage())))
			continue
		}
		alone := newStage()
		_, err := Drive(ctx, alone, jobs[i].Scenario, jobs[i].Seed, jobs[i].Folder)
		done(i, errors.Join(err, closed(alone)))
	}
	if trunk != nil {
		_, err := trunk.End(ctx)
		done(last, errors.Join(err, closed(stage)))
	}
}

// branch forks a job's run from the trunk; nil if that cannot be.
func branch(ctx context.Context, trunk *Play, j Job) *Play {
	if trunk == nil {
		return nil
	}
	at := FirstStrike(j.Scenario, j.Seed)
	if trunk.To(ctx, min(at, j.Scenario.Lasts)) != nil {
		return nil
	}
	branch, err := trunk.Fork(j.Scenario, j.Seed, j.Folder)
	if err != nil {
		return nil
	}
	return branch
}

// closed closes a stage.
func closed(stage Stage) error {
	if err := stage.Close(); err != nil {
		return fmt.Errorf("closing the stage: %w", err)
	}
	return nil
}
