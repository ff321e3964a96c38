package main

import (
	"context"
	"errors"
	"slices"

	"muster/scenarios"
)

// family are jobs, by their places, whose runs are the same until the first fault strikes. They are in the order of that; one alone has no
// relatives.
type family []int

// families sorts jobs into families. They are no larger than keeps all workers busy.
func (b *batch) families(jobs []job) []family {
	largest := 1
	if b.shared {
		largest = (len(jobs) + b.parallel - 1) / b.parallel
	}
	var found []family
	for i, j := range jobs {
		at := slices.IndexFunc(found, func(f family) bool {
			first := jobs[f[0]]
			return len(f) < largest && first.seed == j.seed && scenarios.SameBeginning(first.scenario, j.scenario)
		})
		if at < 0 {
			found = append(found, family{i})
		} else {
			found[at] = append(found[at], i)
		}
	}
	for _, f := range found {
		slices.SortStableFunc(f, func(a, b int) int {
			return int(scenarios.FirstStrike(jobs[a].scenario, jobs[a].seed) - scenarios.FirstStrike(jobs[b].scenario, jobs[b].seed))
		})
	}
	return found
}

// together makes the runs of a family: the one whose first fault comes last is made from its beginning, and the others are forked from it, each
// just before its own first fault. Whatever cannot be forked is made by itself.
func (b *batch) together(ctx context.Context, jobs []job, f family, done func(int, outcome)) {
	last := f[len(f)-1]
	if len(f) == 1 {
		done(last, b.one(ctx, jobs[last]))
		return
	}
	stage := b.newStage(b.level)
	trunk, err := scenarios.Begin(ctx, stage, jobs[last].scenario, jobs[last].seed, jobs[last].folder)
	if err != nil {
		done(last, b.conclude(ctx, jobs[last], errors.Join(err, stage.Close())))
		trunk = nil
	}
	for _, i := range f[:len(f)-1] {
		if ctx.Err() != nil {
			break
		}
		j := jobs[i]
		branch := b.branch(ctx, trunk, j)
		if branch == nil {
			done(i, b.one(ctx, j))
			continue
		}
		_, err := branch.End(ctx)
		done(i, b.conclude(ctx, j, errors.Join(err, branch.Stage().Close())))
	}
	if trunk != nil {
		_, err := trunk.End(ctx)
		done(last, b.conclude(ctx, jobs[last], errors.Join(err, stage.Close())))
	}
}

// branch forks a job's run from the trunk; nil if that cannot be.
func (b *batch) branch(ctx context.Context, trunk *scenarios.Play, j job) *scenarios.Play {
	if trunk == nil {
		return nil
	}
	at := scenarios.FirstStrike(j.scenario, j.seed)
	if trunk.To(ctx, min(at, j.scenario.Lasts)) != nil {
		return nil
	}
	branch, err := trunk.Fork(j.scenario, j.seed, j.folder)
	if err != nil {
		return nil
	}
	return branch
}
