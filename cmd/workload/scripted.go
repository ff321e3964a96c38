package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"
	"sync"
	"time"

	"muster/model"
	"muster/nodes/client"
	"muster/nodes/client/beating"
	"muster/nodes/client/connected"
	"muster/nodes/membership"
)

const (
	// scriptedNetwork is where the instances of scripted clients stand: 10.3.x.y.
	scriptedNetwork = 3
	// firstPort from which on the ports of a scripted client's instances are looked for.
	firstPort = 8080
	// glance is how long a scripted client waits at most for a list: a node that does not answer shall cost few of the lists to come.
	glance = 500 * time.Millisecond
	// connectBefore its first deed a client connects, so that the deed does not wait for the connection.
	connectBefore = 500 * time.Millisecond
)

// scriptedClient does what its script says.
type scriptedClient struct {
	*worker
	script   model.Scripted
	service  model.Service
	interval time.Duration // of beats
	ports    []int         // of its instances, in the order in which they are registered
	beating  context.CancelFunc
	// connect gives it a connection, nil if it needs none. It connects shortly before its first deed, when its node serves.
	connect func() error
	// asking is how it is told over HTTP, by its node alone; nil if it is not.
	asking *beating.Client
	// working are the writes under way that nothing waits for, and the beats.
	working sync.WaitGroup
}

// scripted makes a scripted client.
func (p play) scripted(printer *history, began time.Time, script model.Scripted) (*scriptedClient, error) {
	if script.Node > len(p.nodes) || script.Owner > len(p.nodes) {
		return nil, fmt.Errorf("scripted client %q: node %d, owner %d: there are %d nodes", script.Name, script.Node, script.Owner, len(p.nodes))
	}
	timeout := p.load.Timeout
	if slices.ContainsFunc(script.Deeds, func(d model.Deed) bool { return d.Do == model.Observe }) {
		timeout = min(timeout, glance)
	}
	w, err := p.worker(printer, began, script.Name, timeout)
	if err != nil {
		return nil, err
	}
	w.preferred = script.Node - 1
	c := &scriptedClient{worker: w, script: script, service: p.named(script.Service), interval: p.load.BeatInterval}
	if c.ports, err = p.portsOf(script); err != nil {
		return nil, err
	}
	switch {
	case script.Protocol == model.GRPC:
		nodes := p
		nodes.load.Protocol = model.GRPC
		if script.Pinned {
			nodes.nodes = p.nodes[w.preferred:script.Node]
			w.nodes, w.preferred = w.nodes[w.preferred:script.Node], 0
		}
		c.connect = func() error { return nodes.connect(w, c.doneAgain) }
	case slices.ContainsFunc(script.Deeds, func(d model.Deed) bool { return d.Do == model.Pushed }):
		only := p
		only.nodes = p.nodes[w.preferred:script.Node]
		if c.asking, err = only.subscription(w); err != nil {
			return nil, fmt.Errorf("scripted client %q: %w", script.Name, err)
		}
	}
	return c, nil
}

// portsOf are as many ports as a script may need for which its owner is responsible.
func (p play) portsOf(script model.Scripted) ([]int, error) {
	if script.Number == 0 {
		return nil, nil
	}
	var members []string
	for _, n := range p.nodes {
		base, err := url.Parse(n.URL)
		if err != nil {
			return nil, fmt.Errorf("node %s: %w", n.Name, err)
		}
		members = append(members, base.Host)
	}
	owner := ""
	if script.Owner > 0 {
		owner = members[script.Owner-1]
	}
	slices.Sort(members)
	wanted := 1
	for _, deed := range script.Deeds {
		if deed.Do == model.Register && deed.Every > 0 {
			wanted += int((deed.Until-deed.At)/deed.Every) + 1
		}
	}
	var ports []int
	for port := firstPort; len(ports) < wanted && port <= math.MaxUint16; port++ {
		tag := fmt.Sprintf("%s:%d", addressOf(scriptedNetwork, script.Number), port)
		if owner == "" || membership.OwnerAmong(tag, members) == owner {
			ports = append(ports, port)
		}
	}
	if len(ports) < wanted {
		return nil, fmt.Errorf("scripted client %q: found %d ports whose owner is node %d: want %d", script.Name, len(ports), script.Owner, wanted)
	}
	return ports, nil
}

// work does the deeds, and stays until the run ends.
func (c *scriptedClient) work(ctx context.Context) {
	defer c.working.Wait()
	if c.connect != nil && len(c.script.Deeds) > 0 {
		if !c.until(ctx, c.at(c.script.Deeds[0].At-connectBefore)) {
			return
		}
		if err := c.connect(); err != nil {
			c.history.failed(fmt.Errorf("scripted client %q: %w", c.name, err))
			return
		}
	}
	for _, deed := range c.script.Deeds {
		for moment := c.at(deed.At); c.until(ctx, moment); {
			c.do(ctx, deed)
			if deed.Every == 0 {
				break
			}
			for now := time.Now(); !moment.After(now); { // what came too late is not made up for
				moment = moment.Add(deed.Every)
			}
			if !moment.Before(c.at(deed.Until)) {
				break
			}
		}
	}
	<-ctx.Done()
}

// do does a deed once.
func (c *scriptedClient) do(ctx context.Context, deed model.Deed) {
	switch deed.Do {
	case model.Register:
		operation := c.operation(model.Register)
		if deed.Every > 0 {
			c.ports = c.ports[1:]
			c.working.Go(func() { c.ask(ctx, c.preferred, operation) })
			return
		}
		registered := c.ask(ctx, c.preferred, operation).Outcome == model.OK
		if c.script.Ephemeral && c.connection == nil {
			var beats context.Context
			beats, c.beating = context.WithCancel(ctx)
			c.working.Go(func() { c.beat(beats, registered) })
		}
	case model.Deregister:
		c.stopBeating()
		c.ask(ctx, c.preferred, c.operation(model.Deregister))
	case model.Observe:
		c.ask(ctx, c.preferred, model.Record{Call: model.Observe, Service: c.service, Ephemeral: c.script.Ephemeral})
	case model.Pushed:
		if c.asking != nil {
			c.asking.Subscribe(ctx, c.service, "", func(update beating.Update) {
				if update.Pushed { // and not found by asking
					c.learned(c.preferred, update.Instances)
				}
			})
			return
		}
		c.connection.Subscribe(ctx, c.service, "", func(update connected.Update) { c.learned(update.Server, update.Instances) })
	case model.ClientSilent:
		c.stopBeating()
		c.happened(model.ClientSilent)
		switch {
		case c.connection == nil:
			c.registry.HangUp()
		case deed.HangUp:
			c.connection.Close()
		default:
			c.connection.Suspend()
		}
	}
}

// beat keeps the instance alive: a beat every interval, and where the registry does not know the instance, a registration.
func (c *scriptedClient) beat(ctx context.Context, registered bool) {
	for moment := time.Now().Add(c.interval); c.until(ctx, moment); moment = moment.Add(c.interval) {
		if registered {
			answer := c.ask(ctx, c.preferred, c.operation(model.Beat))
			registered = !errors.Is(answer.Err, client.ErrNotRegistered)
		}
		if !registered && ctx.Err() == nil {
			registered = c.ask(ctx, c.preferred, c.operation(model.Register)).Outcome == model.OK
		}
	}
}

func (c *scriptedClient) stopBeating() {
	if c.beating != nil {
		c.beating()
		c.beating = nil
	}
}

// doneAgain prints what the connection does again by itself.
func (c *scriptedClient) doneAgain(redo connected.Redo) func(client.Answer) {
	operation := model.Record{Call: model.Register, Service: redo.Service, Ephemeral: true, Instance: &redo.Instances[0]}
	if redo.Deregister {
		operation.Call = model.Deregister
	}
	complete := c.invoke(redo.Server, operation)
	return func(answer client.Answer) { complete(nil, answer) }
}

// operation on the instance that it is about now.
func (c *scriptedClient) operation(call model.Call) model.Record {
	instance := model.Instance{
		IP: addressOf(scriptedNetwork, c.script.Number), Port: c.ports[0], Cluster: model.DefaultCluster,
		Weight: 1, Healthy: true, Enabled: true, Ephemeral: c.script.Ephemeral,
	}
	return model.Record{Call: call, Service: c.service, Ephemeral: c.script.Ephemeral, Instance: &instance}
}

func (c *scriptedClient) close() {
	if c.asking != nil {
		_ = c.asking.Close() // the socket of one that has ended
	}
	c.worker.close()
}

// learned prints what the service's instances are, and which node said so.
func (c *scriptedClient) learned(node int, instances []model.Instance) {
	record := model.Record{
		Client: c.name, Phase: model.Event, Call: model.Pushed, Service: c.service, Ephemeral: c.script.Ephemeral, Instances: instances,
	}
	if node >= 0 {
		record.Node = c.nodes[node]
	}
	c.history.print(record)
}
