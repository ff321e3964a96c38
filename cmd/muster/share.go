package main

import (
	"context"

	"muster/scenarios"
)

// families sorts jobs into families, no larger than keeps all workers busy.
func (b *batch) families(jobs []scenarios.Job) []scenarios.Family {
	largest := 1
	if b.shared {
		largest = (len(jobs) + b.parallel - 1) / b.parallel
	}
	return scenarios.Families(jobs, largest)
}

// together makes, judges and reports the runs of a family.
func (b *batch) together(ctx context.Context, jobs []scenarios.Job, f scenarios.Family, done func(int, outcome)) {
	if len(f) == 1 {
		done(f[0], b.one(ctx, jobs[f[0]]))
		return
	}
	newStage := func() scenarios.Stage { return b.newStage(b.level) }
	scenarios.Together(ctx, newStage, jobs, f, func(i int, err error) { done(i, b.conclude(ctx, jobs[i], err)) })
}
