package main

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"muster/model"
	"muster/nodes/client"
	"muster/nodes/client/connected"
	"muster/nodes/client/login"
)

const (
	// retryDelay before asking again, at the next node, for what the client cannot do without.
	retryDelay = 500 * time.Millisecond
	// avoidance is how long a client does not go back to a node for a kind of read that failed there.
	avoidance = 5 * time.Second
	// settling is how long after a write of unknown outcome its effect may still come. Nacos applied one 112 s after it had
	// answered 500: a forwarded request waits out a cut in a TCP connection, which repeats a lost segment after at most 120 s.
	settling = 3 * time.Minute
)

// worker is what all clients have in common. It does one thing at a time, besides what its connection does again by itself.
type worker struct {
	name     string
	nodes    []string // their names
	registry *client.Client
	session  *login.Session
	// connection is how the client speaks to the registry if not over HTTP, nil if it does.
	connection *connected.Client
	history    *history
	random     *rand.Rand
	began      time.Time

	// operations counts; what a connection does again by itself counts along. numbering is held while one is numbered and printed,
	// so that numbers grow.
	operations atomic.Int64
	numbering  sync.Mutex
	// preferred node: the client writes here, and mostly reads here.
	preferred int
	avoided   map[place]time.Time
}

// place is a node asked in one way. A node that is cut off from the others may answer local reads and no linearizable ones.
type place struct {
	node int
	read model.ReadMode
}

// close ends the client's connection, if it has one.
func (w *worker) close() {
	if w.connection != nil {
		w.connection.Close()
	}
}

// at is a moment counted from the start of the workload.
func (w *worker) at(since time.Duration) time.Time { return w.began.Add(since) }

// until waits for a moment. It is false if the run ends before.
func (w *worker) until(ctx context.Context, moment time.Time) bool {
	delay := time.Until(moment)
	if delay <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// jitter draws a time around a mean: half of it at least, one and a half times it at most.
func (w *worker) jitter(mean time.Duration) time.Duration {
	return time.Duration((0.5 + w.random.Float64()) * float64(mean))
}

// number of the operation that is invoked next.
func (w *worker) number() int64 { return w.operations.Load() + 1 }

// happened prints an event of the client itself.
func (w *worker) happened(event model.Call) {
	w.history.print(model.Record{Client: w.name, Phase: model.Event, Call: event})
}

// ask invokes an operation at one node and prints both its ends. It returns how it ended, and never without an end printed. Over a
// connection the node is the one that the client is connected to.
func (w *worker) ask(ctx context.Context, node int, operation model.Record) client.Answer {
	if w.connection != nil {
		node, _ = w.connection.Server()
	}
	complete := w.invoke(node, operation)
	var listed []model.Instance
	var answer client.Answer
	if w.connection != nil {
		listed, answer = overConnection(ctx, w.connection, operation)
	} else {
		listed, answer = overHTTP(ctx, w.registry, client.Only(node), operation)
	}
	complete(listed, answer)
	return answer
}

// invoke prints that an operation is invoked at a node, and returns what prints how it ended.
func (w *worker) invoke(node int, operation model.Record) (complete func([]model.Instance, client.Answer)) {
	w.numbering.Lock()
	number := w.operations.Add(1)
	operation.Client, operation.Op, operation.Phase, operation.Node = w.name, number, model.Invoke, w.nodes[node]
	w.history.print(operation)
	w.numbering.Unlock()
	return func(listed []model.Instance, answer client.Answer) {
		completed := model.Record{
			Client: w.name, Op: number, Phase: answer.Outcome, Call: operation.Call, Node: w.nodes[answer.Node],
			Service: operation.Service, Ephemeral: operation.Ephemeral, Instances: listed, Status: answer.Status,
		}
		if answer.Err != nil {
			completed.Error = answer.Err.Error()
		}
		w.history.print(completed)
	}
}

// overHTTP does an operation.
func overHTTP(ctx context.Context, registry *client.Client, route client.Route, operation model.Record) ([]model.Instance, client.Answer) {
	switch operation.Call {
	case model.Register:
		return nil, registry.Register(ctx, route, operation.Service, *operation.Instance)
	case model.Deregister:
		return nil, registry.Deregister(ctx, route, operation.Service, *operation.Instance)
	case model.Update:
		return nil, registry.Update(ctx, route, operation.Service, *operation.Instance)
	case model.Beat:
		return nil, registry.Beat(ctx, route, operation.Service, *operation.Instance)
	case model.Query:
		return registry.List(ctx, route, operation.Service, operation.Read)
	}
	return registry.List(ctx, route, operation.Service, model.ReadLocal)
}

// overConnection does an operation. What is updated is registered anew, as the SDKs of the 2.x line do it.
func overConnection(ctx context.Context, connection *connected.Client, operation model.Record) ([]model.Instance, client.Answer) {
	switch operation.Call {
	case model.Register:
		if !operation.Ephemeral {
			return nil, connection.RegisterPersistent(ctx, operation.Service, *operation.Instance)
		}
		return nil, connection.Register(ctx, operation.Service, *operation.Instance)
	case model.Deregister:
		if !operation.Ephemeral {
			return nil, connection.DeregisterPersistent(ctx, operation.Service, *operation.Instance)
		}
		return nil, connection.Deregister(ctx, operation.Service)
	case model.Beat:
		return nil, connection.Beat(ctx, operation.Service)
	}
	listing, answer := connection.List(ctx, operation.Service, operation.Read)
	return listing.Instances, answer
}

// moveOn prefers the next node from now on.
func (w *worker) moveOn() { w.preferred = (w.preferred + 1) % len(w.nodes) }

// query lists a service. Half of the reads go to the node that the client writes to, so that it reads its own writes; the others
// to any node, so that no node goes unread because nobody can write there.
func (w *worker) query(ctx context.Context, service model.Service, ephemeral bool, read model.ReadMode) {
	node := w.preferred
	if anywhere := w.random.IntN(len(w.nodes)); w.random.IntN(2) == 0 {
		node = anywhere
	}
	for range w.nodes {
		if !time.Now().Before(w.avoided[place{node, read}]) {
			break
		}
		node = (node + 1) % len(w.nodes)
	}
	answer := w.ask(ctx, node, model.Record{Call: model.Query, Service: service, Ephemeral: ephemeral, Read: read})
	if answer.Outcome != model.OK {
		if w.avoided == nil {
			w.avoided = map[place]time.Time{}
		}
		w.avoided[place{node, read}] = time.Now().Add(avoidance)
	}
}
