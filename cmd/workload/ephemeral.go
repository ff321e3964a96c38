package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"muster/model"
	"muster/nodes/client"
	"muster/nodes/client/connected"
)

const (
	// stayBeats and awayBeats are for how many beats, in the mean, the instance of a client that comes and goes is registered and
	// then is not: long enough for it to depend on beats, and for all nodes to learn that it is gone.
	stayBeats = 3
	awayBeats = 2
)

// ephemeralClient owns one ephemeral instance, as a process that provides a service does. It registers the instance and keeps it
// alive by beats; now and then it queries the service or updates its weight and metadata. Every second client comes and goes,
// that is, it deregisters in good order and registers again later. The others stay, so that there is always somebody to be found.
// So does a client that is to fall silent, which must have something to lose then, and one that is to leave, since a registration
// of unknown outcome would cast doubt on its going.
//
// Over a connection the instance lives as long as that does. The client's connection then does again by itself what failed or was lost
// with an earlier one, which stands in the history as well, and updates by registering anew.
//
// Its beats name the instance and no more, so that a beat which is late can never bring back what was deregistered: everything
// that adds the instance stands in the history as a register.
type ephemeralClient struct {
	*worker
	service  model.Service
	instance model.Instance
	interval time.Duration // of beats
	pace     time.Duration // between operations, in the mean
	share    float64       // of queries among operations
	leaves   bool          // it deregisters when it stops

	// wanted: the instance shall be there. registered: as far as the client knows, it is. going: it has been deregistered, but not
	// with success yet.
	wanted, registered, going bool
	// unknown is the first of the writes in a row that ended as unknown and are sent again, 0 if there is none.
	unknown int64
	// restless: the client comes and goes. It does not go before stays, nor come back before back.
	restless    bool
	stays, back time.Time
	// comes: until then a registration of unknown outcome may still come true. redone is the same, in ns since 1970, of what the
	// connection did again.
	comes  time.Time
	redone atomic.Int64

	// When what is due next; the zero time is never.
	aliveAt, operateAt, stopAt, silentAt time.Time
	silences                             []model.Silence
}

func newEphemeralClient(w *worker, load model.Load, clients, number int, service model.Service) *ephemeralClient {
	c := &ephemeralClient{
		worker: w, service: service, interval: load.BeatInterval, share: load.ReadShare, wanted: true,
		leaves: number > load.EphemeralClients-load.Leaving,
		instance: model.Instance{
			IP: addressOf(1, number), Port: 8080, Cluster: model.DefaultCluster,
			Weight: 1, Healthy: true, Enabled: true, Ephemeral: true,
		},
	}
	c.pace = paceOf(load, clients)
	// All have registered within a second, however slow the pace, but not all at once.
	spread := time.Second
	if c.pace > 0 {
		spread = min(spread, c.pace)
	}
	c.aliveAt = c.at(load.WarmUp + time.Duration(c.random.Float64()*float64(spread)))
	if c.pace > 0 {
		c.operateAt = c.aliveAt.Add(c.jitter(c.pace))
	}
	if load.Stop > 0 {
		c.stopAt = c.at(load.Stop)
	}
	for _, silence := range load.SilencesInOrder() {
		if silence.Client == number {
			c.silences = append(c.silences, silence)
		}
	}
	c.restless = number%2 == 0 && len(c.silences) == 0 && !c.leaves
	c.awaitSilence()
	c.renew()
	return c
}

// paceOf is the mean time between two operations of one client; 0 if there are to be none.
func paceOf(load model.Load, clients int) time.Duration {
	if load.OperationsPerSecond == 0 {
		return 0
	}
	return time.Duration(float64(clients) / load.OperationsPerSecond * float64(time.Second))
}

// addressOf gives the client of that number an address of its own: 10.NET.0.1 for the first.
func addressOf(network, number int) string {
	return fmt.Sprintf("10.%d.%d.%d", network, (number-1)/250, (number-1)%250+1)
}

// work does what is due next until nothing is.
func (c *ephemeralClient) work(ctx context.Context) {
	for {
		moment, do := c.due()
		if do == nil || !c.until(ctx, moment) {
			return
		}
		do(ctx)
	}
}

// due is what comes next; of two things at the same time the one named first here.
func (c *ephemeralClient) due() (moment time.Time, do func(context.Context)) {
	for _, next := range []struct {
		at time.Time
		do func(context.Context)
	}{{c.silentAt, c.fallSilent}, {c.stopAt, c.stop}, {c.aliveAt, c.stayAlive}, {c.operateAt, c.operate}} {
		if !next.at.IsZero() && (do == nil || next.at.Before(moment)) {
			moment, do = next.at, next.do
		}
	}
	return moment, do
}

// stop ends the operations. What belongs to staying alive goes on, unless the client leaves.
func (c *ephemeralClient) stop(ctx context.Context) {
	c.operateAt, c.stopAt = time.Time{}, time.Time{}
	if c.leaves && !time.Now().Before(c.comes) && time.Now().UnixNano() >= c.redone.Load() {
		c.leave(ctx)
	}
	c.happened(model.ClientStopped)
}

// leave takes the instance off for good, asking one node after another until one has done it.
func (c *ephemeralClient) leave(ctx context.Context) {
	if c.wanted {
		c.unknown = 0 // no deregister
	}
	for c.deregister(ctx); c.going && c.until(ctx, time.Now().Add(retryDelay)); {
		c.deregister(ctx)
	}
}

func (c *ephemeralClient) awaitSilence() {
	c.silentAt = time.Time{}
	if len(c.silences) > 0 {
		c.silentAt = c.at(c.silences[0].From)
	}
}

// fallSilent sends nothing for a while, as if the process had died: its connections break, and it says goodbye to nobody. Then it
// goes on where it was, and learns by its next beat what became of its instance.
func (c *ephemeralClient) fallSilent(ctx context.Context) {
	silence := c.silences[0]
	c.silences = c.silences[1:]
	c.awaitSilence()
	c.happened(model.ClientSilent)
	if c.connection != nil {
		c.connection.Suspend()
		defer c.connection.Resume()
	} else {
		c.registry.HangUp()
	}
	if silence.For == 0 {
		c.aliveAt, c.operateAt, c.stopAt = time.Time{}, time.Time{}, time.Time{}
		<-ctx.Done()
		return
	}
	end := c.at(silence.From + silence.For)
	if !c.until(ctx, end) {
		return
	}
	c.happened(model.ClientResumed)
	if c.wanted {
		c.aliveAt = end
	}
	if !c.operateAt.IsZero() && c.operateAt.Before(end) {
		c.operateAt = end.Add(c.jitter(c.pace))
	}
}

// stayAlive beats, or registers if that is what it takes.
func (c *ephemeralClient) stayAlive(ctx context.Context) {
	if c.connection != nil {
		switch c.connection.Published(c.service) {
		case connected.Registered:
			c.registered = true
		case connected.Pending: // it is being seen to
			c.registered = false
			c.aliveAt = time.Now().Add(retryDelay)
			return
		}
	}
	if !c.registered {
		c.register(ctx)
		return
	}
	answer := c.ask(ctx, c.preferred, c.operation(model.Beat))
	switch {
	case answer.Outcome == model.OK:
		c.aliveAt = time.Now().Add(c.interval)
	case errors.Is(answer.Err, client.ErrNotRegistered):
		c.registered = false
		c.aliveAt = time.Now()
	default:
		c.moveOn()
		c.aliveAt = time.Now().Add(retryDelay)
	}
}

// register once; if it does not succeed, the same is sent to the next node soon.
func (c *ephemeralClient) register(ctx context.Context) {
	if c.write(ctx, model.Register) == model.OK {
		c.registered = true
		c.aliveAt = time.Now().Add(c.interval)
		c.stay(c.jitter(stayBeats * c.interval))
		return
	}
	c.aliveAt = time.Now().Add(retryDelay)
}

// deregister once, and beat no more. If it does not succeed, the same has to be sent to the next node.
func (c *ephemeralClient) deregister(ctx context.Context) {
	c.wanted, c.registered, c.aliveAt = false, false, time.Time{}
	c.going = c.write(ctx, model.Deregister) != model.OK
}

// operate does one operation of the load.
func (c *ephemeralClient) operate(ctx context.Context) {
	c.operateAt = c.operateAt.Add(c.jitter(c.pace))
	read := c.random.Float64() < c.share
	switch now := time.Now(); {
	case c.going:
		c.deregister(ctx)
	case !c.wanted && !now.Before(c.back):
		c.wanted = true
		c.renew()
		c.register(ctx)
	case !c.registered || read:
		c.query(ctx, c.service, true, model.ReadLocal)
	case c.goes(now):
		c.deregister(ctx)
	default:
		c.update(ctx)
	}
	if now := time.Now(); c.operateAt.Before(now) {
		c.operateAt = now // a client that was held up does not make up for it
	}
}

// goes says whether the client takes itself off now, and decides when it will be back: before its work is done.
func (c *ephemeralClient) goes(now time.Time) bool {
	if !c.restless || now.Before(c.stays) || now.UnixNano() < c.redone.Load() {
		return false
	}
	c.back = now.Add(c.jitter(awayBeats * c.interval))
	return c.stopAt.IsZero() || c.back.Add(2*c.pace).Before(c.stopAt)
}

// update writes a new weight and a new version over the instance. Registering again later says the same.
func (c *ephemeralClient) update(ctx context.Context) {
	before := c.instance
	c.renew()
	if c.connection != nil {
		c.write(ctx, model.Register)
		return
	}
	if c.ask(ctx, c.preferred, c.operation(model.Update)).Outcome != model.OK {
		c.instance = before
		c.moveOn()
	}
}

// write registers or deregisters at the preferred node. An unknown outcome is remembered, so that the next write of the same kind
// is sent as its repetition.
func (c *ephemeralClient) write(ctx context.Context, call model.Call) model.Phase {
	operation := c.operation(call)
	operation.Repeats = c.unknown
	number := c.number()
	answer := c.ask(ctx, c.preferred, operation)
	if answer.Outcome == model.OK {
		c.unknown = 0
		return answer.Outcome
	}
	c.moveOn()
	if answer.Outcome == model.Unknown {
		if c.unknown == 0 {
			c.unknown = number
		}
		if call == model.Register {
			c.comes = time.Now().Add(settling) // perhaps after a deregister, and leave a ghost
			c.stay(settling)
		}
	}
	return answer.Outcome
}

// doneAgain prints what the connection does again by itself.
func (c *ephemeralClient) doneAgain(redo connected.Redo) func(client.Answer) {
	instance := redo.Instances[0]
	operation := model.Record{Call: model.Register, Service: redo.Service, Ephemeral: true, Instance: &instance}
	if redo.Deregister {
		operation.Call = model.Deregister
	}
	complete := c.invoke(redo.Server, operation)
	return func(answer client.Answer) {
		if answer.Outcome == model.Unknown && !redo.Deregister {
			c.redone.Store(time.Now().Add(settling).UnixNano())
		}
		complete(nil, answer)
	}
}

// stay registered for so long at least.
func (c *ephemeralClient) stay(length time.Duration) {
	if until := time.Now().Add(length); until.After(c.stays) {
		c.stays = until
	}
}

// operation on the instance as it is now.
func (c *ephemeralClient) operation(call model.Call) model.Record {
	instance := c.instance
	return model.Record{Call: call, Service: c.service, Ephemeral: true, Instance: &instance}
}

// renew draws a new weight and names the operation that comes next as the version.
func (c *ephemeralClient) renew() {
	c.instance.Weight = float64(1 + c.random.IntN(10))
	c.instance.Metadata = map[string]string{versionKey: fmt.Sprintf("%s-%d", c.name, c.number())}
}
