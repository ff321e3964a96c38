package main

import (
	"context"
	"fmt"
	"time"

	"muster/model"
)

const (
	// versionKey of the metadata that tell one write from every other: "<client>-<op>".
	versionKey = "v"
	// slots are the addresses that a persistent client writes to by turns.
	slots = 3
	// registerShare of the writes to an address that is registered; the rest deregister it.
	registerShare = 0.7
	// A write of unknown outcome is sent again after patience, then twice as long each time, up to the limit.
	patience      = time.Second
	patienceLimit = 4 * time.Second
)

// persistentClient writes persistent instances of a service that it shares with other clients, and queries the service.
//
// How it treats writes of unknown outcome decides whether a checker can judge the run at all. Such a write may take effect now,
// much later or never, so a checker has to consider all of these, and two open writes to different instances double each other's
// possibilities. Therefore:
//
//   - An instance is written by one client only, and a client does one thing at a time.
//   - The client writes nothing else until it knows the outcome. It sends the very same write again, to the next node, until
//     one of them is acknowledged, and marks each as a repetition of the first. They all have the same
//     effect, so it matters little which of them took it, and no two different writes of a client are ever open. Meanwhile it
//     only reads.
//   - Once that write is acknowledged, its instance is left as it is until the earlier ones can no longer come (settling), for
//     they would undo whatever was written since. Another address takes its place.
type persistentClient struct {
	*worker
	service model.Service
	ip      string        // of all its instances
	pace    time.Duration // between operations, in the mean; 0: none
	share   float64       // of queries among operations
	reads   []model.ReadMode
	first   time.Time
	end     time.Time // zero: never
	owned   []slot
	open    *openWrite
}

// slot is an address that the client owns.
type slot struct {
	registered bool
	// quiet until then, because of a write whose outcome was unknown for a while.
	quiet time.Time
}

// openWrite is a write whose outcome is not known yet.
type openWrite struct {
	slot      int
	operation model.Record
	patience  time.Duration
	againAt   time.Time
}

func newPersistentClient(w *worker, load model.Load, clients, number int, service model.Service) *persistentClient {
	c := &persistentClient{
		worker: w, service: service, ip: addressOf(2, number), pace: paceOf(load, clients), share: load.ReadShare, reads: load.ReadModes,
	}
	if len(c.reads) == 0 {
		c.reads = []model.ReadMode{model.ReadLinearizable}
	}
	c.first = c.at(load.WarmUp + time.Duration(c.random.Float64()*float64(c.pace)))
	if load.Stop > 0 {
		c.end = c.at(load.Stop)
	}
	return c
}

// work operates at its pace until it is to stop. A client that was held up does not make up for it.
func (c *persistentClient) work(ctx context.Context) {
	for moment := c.first; c.pace > 0 && (c.end.IsZero() || moment.Before(c.end)); {
		if !c.until(ctx, moment) {
			return
		}
		c.operate(ctx)
		moment = moment.Add(c.jitter(c.pace))
		if now := time.Now(); moment.Before(now) {
			moment = now
		}
	}
	if !c.end.IsZero() && c.until(ctx, c.end) {
		c.happened(model.ClientStopped)
	}
}

// operate does one operation of the load.
func (c *persistentClient) operate(ctx context.Context) {
	switch read := c.random.Float64() < c.share; {
	case c.open != nil && !time.Now().Before(c.open.againAt):
		c.write(ctx, *c.open)
	case c.open != nil || read:
		c.query(ctx, c.service, false, c.reads[c.random.IntN(len(c.reads))])
	default:
		c.write(ctx, c.draw())
	}
}

// draw chooses what to write.
func (c *persistentClient) draw() openWrite {
	at := c.freeSlot()
	instance := model.Instance{
		IP: c.ip, Port: 8080 + at, Cluster: model.DefaultCluster, Weight: 1, Healthy: true, Enabled: true,
	}
	operation := model.Record{Call: model.Deregister, Service: c.service, Instance: &instance}
	if !c.owned[at].registered || c.random.Float64() < registerShare {
		operation.Call = model.Register
		instance.Metadata = map[string]string{versionKey: fmt.Sprintf("%s-%d", c.name, c.number())}
	}
	return openWrite{slot: at, operation: operation, patience: patience}
}

// freeSlot chooses an address that may be written to, a new one if there are too few.
func (c *persistentClient) freeSlot() int {
	var free []int
	for at, s := range c.owned {
		if !time.Now().Before(s.quiet) {
			free = append(free, at)
		}
	}
	for len(free) < slots {
		free = append(free, len(c.owned))
		c.owned = append(c.owned, slot{})
	}
	return free[c.random.IntN(len(free))]
}

// write sends a write, for the first time or again, and draws the consequences of how it ended.
func (c *persistentClient) write(ctx context.Context, w openWrite) {
	number := c.number()
	answer := c.ask(ctx, c.preferred, w.operation)
	if answer.Outcome == model.OK {
		c.owned[w.slot].registered = w.operation.Call == model.Register
		if c.open != nil {
			c.owned[w.slot].quiet = time.Now().Add(settling)
		}
		c.open = nil
		return
	}
	c.moveOn()
	switch {
	case answer.Outcome == model.Fail && c.open == nil:
		return // it did not happen, and nothing is open
	case c.open == nil:
		w.operation.Repeats = number
	}
	w.againAt = time.Now().Add(w.patience)
	w.patience = min(2*w.patience, patienceLimit)
	c.open = &w
}
