package main

import (
	"context"
	"time"

	"muster/model"
)

// observer lists all services at one node, again and again, so that the node's view can be followed.
type observer struct {
	*worker
	ephemeral, persistent []model.Service
	interval              time.Duration
	first                 time.Time
}

func newObserver(w *worker, load model.Load, ephemeral, persistent []model.Service) *observer {
	// The observers of a cluster take turns, so that a fault is seen by one of them soon.
	turn := load.ObserveInterval * time.Duration(w.preferred) / time.Duration(len(w.nodes))
	return &observer{w, ephemeral, persistent, load.ObserveInterval, w.at(load.WarmUp + turn)}
}

// work lists on a fixed beat; rounds that a slow node made it miss are not made up for.
func (o *observer) work(ctx context.Context) {
	for round := o.first; o.until(ctx, round); {
		o.observe(ctx)
		for now := time.Now(); !round.After(now); {
			round = round.Add(o.interval)
		}
	}
}

// observe is one round. A node that does not answer for one service is not asked for the others.
func (o *observer) observe(ctx context.Context) {
	for _, kind := range []struct {
		ephemeral bool
		services  []model.Service
	}{{true, o.ephemeral}, {false, o.persistent}} {
		for _, service := range kind.services {
			answer := o.ask(ctx, o.preferred, model.Record{Call: model.Observe, Service: service, Ephemeral: kind.ephemeral})
			if ctx.Err() != nil || answer.Outcome != model.OK && answer.Status == 0 {
				return
			}
		}
	}
}
