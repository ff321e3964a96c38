package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"muster/model"
	"muster/nodes/client"
)

const (
	// stayBeats is for how many beats, in the mean, an instance stays registered at least.
	stayBeats = 4
	// updateShare of the writes of a client that may deregister; the rest do.
	updateShare = 0.7
)

// ephemeralClient owns one ephemeral instance, as a process that provides a service does. It registers the instance and keeps it
// alive by beats; now and then it queries, updates its weight and metadata, or takes itself off and registers again.
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

	// wanted: the instance shall be there. registered: as far as the client knows, it is.
	wanted, registered bool
	// unknown is the first of the writes in a row that ended as unknown and are sent again, 0 if there is none.
	unknown int64
	// stays registered until then, lest a client that is busy never lives long enough to beat.
	stays time.Time

	// When what is due next; the zero time is never.
	aliveAt, operateAt, stopAt, silentAt time.Time
	silences                             []model.Silence
}

func newEphemeralClient(w *worker, load model.Load, clients, number int, service model.Service) *ephemeralClient {
	c := &ephemeralClient{
		worker: w, service: service, interval: load.BeatInterval, share: load.ReadShare, wanted: true,
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

// stop ends the operations. What belongs to staying alive goes on.
func (c *ephemeralClient) stop(context.Context) {
	c.operateAt, c.stopAt = time.Time{}, time.Time{}
	c.happened(model.ClientStopped)
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
	c.registry.HangUp()
	if silence.For == 0 {
		c.aliveAt, c.operateAt, c.stopAt = time.Time{}, time.Time{}, time.Time{}
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

// operate does one operation of the load.
func (c *ephemeralClient) operate(ctx context.Context) {
	c.operateAt = c.operateAt.Add(c.jitter(c.pace))
	choice := c.random.Float64()
	switch {
	case !c.wanted && c.unknown != 0: // an unfinished deregister comes first
		c.write(ctx, model.Deregister)
	case !c.wanted:
		c.wanted = true
		c.renew()
		c.register(ctx)
	case !c.registered || choice < c.share:
		c.query(ctx, c.service, true, model.ReadLocal)
	case choice < c.share+(1-c.share)*updateShare || time.Now().Before(c.stays):
		c.update(ctx)
	default:
		c.wanted, c.registered, c.aliveAt = false, false, time.Time{}
		c.write(ctx, model.Deregister)
	}
	if now := time.Now(); c.operateAt.Before(now) {
		c.operateAt = now // a client that was held up does not make up for it
	}
}

// update writes a new weight and a new version over the instance. Registering again later says the same.
func (c *ephemeralClient) update(ctx context.Context) {
	before := c.instance
	c.renew()
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
			c.stay(settling) // it might come after a deregister, and leave a ghost
		}
	}
	return answer.Outcome
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
