package connected

import (
	"context"

	"muster/model"
	"muster/nodes/client"
	"muster/nodes/defect"
)

// NeverRedo has a client do nothing again that was lost with a connection (Nacos's client before 2.0.3; nacos-sdk-go#587).
const NeverRedo defect.Name = "connected/neverRedo"

// redoAgainAndAgain does again what was lost, as long as the client lives (redo/RedoScheduledTask).
func (c *Client) redoAgainAndAgain(ctx context.Context) {
	for {
		pause(ctx, redoEvery)
		c.gate.pass()
		if ctx.Err() != nil {
			return
		}
		if !defect.On(NeverRedo) {
			c.redo(ctx)
		}
	}
}

// redo is one round: registrations first, then subscriptions.
func (c *Client) redo(ctx context.Context) {
	c.mu.Lock()
	services := sortedServices(c.publications)
	wishes := sortedWishes(c.subscriptions)
	c.mu.Unlock()
	for _, service := range services {
		if id := c.id(); id != "" && ctx.Err() == nil {
			c.redoPublication(ctx, service, id)
		}
	}
	for _, wish := range wishes {
		if id := c.id(); id != "" && ctx.Err() == nil {
			c.redoSubscription(ctx, wish, id)
		}
	}
}

func (c *Client) redoPublication(ctx context.Context, service model.Service, id string) {
	p := c.publicationOf(service)
	if !p.tryTurn() {
		return // a request is under way, whose outcome decides
	}
	defer p.endTurn()
	state := c.Published(service)
	if state != Pending && state != Leaving {
		return
	}
	var done func(client.Answer)
	if c.options.OnRedo != nil {
		place, _ := c.Server()
		done = c.options.OnRedo(Redo{Server: place, Service: service, Instances: p.instances, Deregister: state == Leaving})
	}
	send := c.register
	if state == Leaving {
		send = c.deregister
	}
	answer := send(ctx, service, p)
	if answer.Outcome != model.OK {
		c.log.Info("client.redo", "service", service.String(), "connection", id, "error", answer.Err.Error())
	}
	if done != nil {
		done(answer)
	}
}

// redoSubscription subscribes anew. What has changed meanwhile comes with the answer.
func (c *Client) redoSubscription(ctx context.Context, wish subscriptionKey, id string) {
	c.mu.Lock()
	s := c.subscriptions[wish]
	due := s != nil && s.on != id
	c.mu.Unlock()
	if !due {
		return
	}
	if answer := c.subscribe(ctx, wish, s); answer.Outcome != model.OK {
		c.log.Info("client.redo", "service", wish.service.String(), "connection", id, "error", answer.Err.Error())
	}
}
