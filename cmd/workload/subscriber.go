package main

import (
	"context"
	"fmt"
	"net"
	"time"

	"muster/model"
	"muster/nodes/client/beating"
	"muster/nodes/client/connected"
)

// subscriber has itself told of an ephemeral service, and prints what it learns and when.
type subscriber struct {
	*worker
	service model.Service
	first   time.Time
	// asking is how it learns of the service over HTTP, nil if it has a connection.
	asking *beating.Client
}

func newSubscriber(w *worker, load model.Load, service model.Service) *subscriber {
	return &subscriber{worker: w, service: service, first: w.at(load.WarmUp)}
}

// overHTTP has the subscriber learn over HTTP.
func (s *subscriber) overHTTP(p play) (err error) {
	s.asking, err = p.subscription(s.worker)
	return err
}

// subscription is how a worker is told over HTTP: pushes in datagrams where they arrive, and lists now and then.
func (p play) subscription(w *worker) (*beating.Client, error) {
	var socket net.PacketConn
	if p.pushes != nil {
		var err error
		if socket, err = p.pushes(); err != nil {
			return nil, fmt.Errorf("open a socket for pushes: %w", err)
		}
	}
	return beating.New(beating.Options{Nodes: p.urls(), Timeout: p.load.Timeout, Session: w.session, Dial: p.dial, Pushes: socket, Draw: w.random.IntN})
}

// work subscribes when the other clients begin, and stays until the end.
func (s *subscriber) work(ctx context.Context) {
	if !s.until(ctx, s.first) {
		return
	}
	// What fails is tried again by the clients themselves.
	if s.asking != nil {
		s.asking.Subscribe(ctx, s.service, "", func(update beating.Update) { s.learned(update.Node, update.Instances) })
		<-ctx.Done()
		return
	}
	s.connection.Subscribe(ctx, s.service, "", func(update connected.Update) { s.learned(update.Server, update.Instances) })
}

// learned prints what the service's instances are, and which node said so.
func (s *subscriber) learned(node int, instances []model.Instance) {
	record := model.Record{
		Client: s.name, Phase: model.Event, Call: model.Pushed, Service: s.service, Ephemeral: true, Instances: instances,
	}
	if node >= 0 {
		record.Node = s.nodes[node]
	}
	s.history.print(record)
}

func (s *subscriber) close() {
	if s.asking != nil {
		_ = s.asking.Close() // the socket of one that has ended
	}
	s.worker.close()
}
