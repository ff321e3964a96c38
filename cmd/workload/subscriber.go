package main

import (
	"context"
	"time"

	"muster/model"
	"muster/nodes/client/connected"
)

// subscriber has itself told of an ephemeral service, and prints what it learns and when.
type subscriber struct {
	*worker
	service model.Service
	first   time.Time
}

func newSubscriber(w *worker, load model.Load, service model.Service) *subscriber {
	return &subscriber{w, service, w.at(load.WarmUp)}
}

// work subscribes when the other clients begin, and stays until the end.
func (s *subscriber) work(ctx context.Context) {
	if !s.until(ctx, s.first) {
		return
	}
	// One that fails is done again by the connection.
	s.connection.Subscribe(ctx, s.service, "", func(update connected.Update) { s.learned(update.Server, update.Instances) })
}

// learned prints what the service's instances are, and which node said so.
func (s *subscriber) learned(node int, instances []model.Instance) {
	s.history.print(model.Record{
		Client: s.name, Phase: model.Event, Call: model.Pushed, Node: s.nodes[node], Service: s.service, Ephemeral: true, Instances: instances,
	})
}
