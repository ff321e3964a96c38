package main

import (
	"context"
	"math/rand/v2"
	"time"

	"muster/model"
	"muster/nodes/client"
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

// worker is what all clients have in common. It does one thing at a time.
type worker struct {
	name     string
	nodes    []string // their names
	registry *client.Client
	history  *history
	random   *rand.Rand
	began    time.Time

	operations int64
	// preferred node: the client writes here, and mostly reads here.
	preferred int
	avoided   map[place]time.Time
}

// place is a node asked in one way. A node that is cut off from the others may answer local reads and no linearizable ones.
type place struct {
	node int
	read model.ReadMode
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
func (w *worker) number() int64 { return w.operations + 1 }

// happened prints an event of the client itself.
func (w *worker) happened(event model.Call) {
	w.history.print(model.Record{Client: w.name, Phase: model.Event, Call: event})
}

// ask invokes an operation at one node and prints both its ends. It returns how it ended, and never without an end printed.
func (w *worker) ask(ctx context.Context, node int, operation model.Record) client.Answer {
	w.operations++
	operation.Client, operation.Op, operation.Phase, operation.Node = w.name, w.operations, model.Invoke, w.nodes[node]
	w.history.print(operation)

	completed := model.Record{
		Client: w.name, Op: w.operations, Call: operation.Call, Node: w.nodes[node],
		Service: operation.Service, Ephemeral: operation.Ephemeral,
	}
	var answer client.Answer
	switch only := client.Only(node); operation.Call {
	case model.Register:
		answer = w.registry.Register(ctx, only, operation.Service, *operation.Instance)
	case model.Deregister:
		answer = w.registry.Deregister(ctx, only, operation.Service, *operation.Instance)
	case model.Update:
		answer = w.registry.Update(ctx, only, operation.Service, *operation.Instance)
	case model.Beat:
		answer = w.registry.Beat(ctx, only, operation.Service, *operation.Instance)
	case model.Query:
		completed.Instances, answer = w.registry.List(ctx, only, operation.Service, operation.Read)
	case model.Observe:
		completed.Instances, answer = w.registry.List(ctx, only, operation.Service, model.ReadLocal)
	}
	completed.Phase, completed.Status = answer.Outcome, answer.Status
	if answer.Err != nil {
		completed.Error = answer.Err.Error()
	}
	w.history.print(completed)
	return answer
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
