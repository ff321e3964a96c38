package connected

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"muster/model"
	"muster/nodes/client"
	"muster/nodes/rpc"
)

// publication is what the client wants to have registered of one service, and where it is (redo/data/InstanceRedoData).
type publication struct {
	// turn holds a token while a request about it is under way. It is not a mutex: who waits for a turn waits as long as a request may
	// take, and shall hear when its context ends.
	turn chan struct{}

	// The rest is guarded by Client.mu.
	instances []model.Instance
	batch     bool
	// wanted: the instances shall be there.
	wanted bool
	// touched is the connection that last carried a request about it; what was done over another has gone with that one.
	touched string
	// registered says that all of it is there, over that connection.
	registered bool
}

// takeTurn waits until no other request about the publication is under way. Until endTurn the turn is the caller's.
func (p *publication) takeTurn(ctx context.Context) error {
	select {
	case p.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// tryTurn is takeTurn for those who would rather not wait.
func (p *publication) tryTurn() bool {
	select {
	case p.turn <- struct{}{}:
		return true
	default:
		return false
	}
}

func (p *publication) endTurn() { <-p.turn }

// Register adds an instance to a service, or replaces what the client registered there before: one a service and client, unless it is a
// batch. If it fails, and whenever the connection is lost, it is done again until Deregister.
func (c *Client) Register(ctx context.Context, service model.Service, instance model.Instance) client.Answer {
	return c.publish(ctx, service, []model.Instance{instance}, false)
}

// RegisterBatch registers all instances of a service that are to be the client's, in place of any that were.
func (c *Client) RegisterBatch(ctx context.Context, service model.Service, instances []model.Instance) client.Answer {
	return c.publish(ctx, service, slices.Clone(instances), true)
}

// turnOf is what the client publishes in a service, when it is the caller's turn with it.
func (c *Client) turnOf(ctx context.Context, service model.Service) (*publication, error) {
	if err := c.mine(service); err != nil {
		return nil, err
	}
	p := c.publicationOf(service)
	if err := p.takeTurn(ctx); err != nil {
		return nil, fmt.Errorf("%s: wait for an earlier request about it: %w", service, err)
	}
	return p, nil
}

func (c *Client) publish(ctx context.Context, service model.Service, instances []model.Instance, batch bool) client.Answer {
	p, err := c.turnOf(ctx, service)
	if err != nil {
		return client.Answer{Outcome: model.Fail, Err: err}
	}
	defer p.endTurn()
	c.mu.Lock()
	p.instances, p.batch, p.wanted, p.registered = instances, batch, true, false
	c.mu.Unlock()
	return c.register(ctx, service, p)
}

// Deregister takes off whatever the client registered in a service. If it fails it is done again as long as the connection lasts.
func (c *Client) Deregister(ctx context.Context, service model.Service) client.Answer {
	p, err := c.turnOf(ctx, service)
	if err != nil {
		return client.Answer{Outcome: model.Fail, Err: err}
	}
	defer p.endTurn()
	c.mu.Lock()
	p.wanted = false
	nothing := len(p.instances) == 0
	c.mu.Unlock()
	if nothing {
		return client.Answer{Outcome: model.Fail, Err: fmt.Errorf("deregister from %s: the client has registered nothing there", service)}
	}
	return c.deregister(ctx, service, p)
}

// State is how a publication stands.
type State int

// The states of a publication.
const (
	// Absent: nothing is registered, nor wanted.
	Absent State = iota
	// Pending: it shall be there, and is not as far as the client knows.
	Pending
	// Registered: it is there.
	Registered
	// Leaving: it shall not be there any more, but may be.
	Leaving
)

// Published says how what the client wants to have registered in a service stands.
func (c *Client) Published(service model.Service) State {
	id := c.id()
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.publications[service]
	switch {
	case p == nil:
		return Absent
	case p.wanted && p.registered && p.touched == id:
		return Registered
	case p.wanted:
		return Pending
	case p.touched != "" && p.touched == id:
		return Leaving
	}
	return Absent
}

func (c *Client) mine(service model.Service) error {
	if service.Namespace != c.options.Namespace {
		return fmt.Errorf("%s: this client speaks for the namespace %s", service, c.options.Namespace)
	}
	return nil
}

func (c *Client) publicationOf(service model.Service) *publication {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.publications[service]
	if p == nil {
		p = &publication{turn: make(chan struct{}, 1)}
		c.publications[service] = p
	}
	return p
}

// register sends a registration. Its turn is the caller's.
func (c *Client) register(ctx context.Context, service model.Service, p *publication) client.Answer {
	var message any
	response := rpc.Response(new(InstanceResponse))
	if p.batch {
		all := make([]instance, 0, len(p.instances))
		for _, i := range p.instances {
			described := describe(service, i)
			described.Service = "" // a batch whose instances name their group, too, is refused (BatchInstanceRequestParamExtractor)
			all = append(all, described)
		}
		message, response = BatchInstanceRequest{name(service), batchRegister, all}, new(BatchInstanceResponse)
	} else {
		message = InstanceRequest{name(service), registerInstance, describe(service, p.instances[0])}
	}
	answer, on := c.request(ctx, message, response, true)
	c.mu.Lock()
	defer c.mu.Unlock()
	if on != "" {
		p.touched = on
	}
	p.registered = answer.Outcome == model.OK
	return answer
}

// deregister sends a deregistration. Its turn is the caller's.
func (c *Client) deregister(ctx context.Context, service model.Service, p *publication) client.Answer {
	message := InstanceRequest{name(service), deregisterInstance, describe(service, p.instances[0])}
	answer, on := c.request(ctx, message, new(InstanceResponse), true)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case answer.Outcome == model.OK:
		p.touched, p.registered, p.instances = "", false, nil
	case on != "":
		p.touched = on
	}
	return answer
}

// RegisterPersistent adds a persistent instance to a service, or replaces what was registered under its address. It is nobody's, so
// it is not done again.
func (c *Client) RegisterPersistent(ctx context.Context, service model.Service, i model.Instance) client.Answer {
	answer, _ := c.request(ctx, PersistentInstanceRequest{name(service), registerInstance, describe(service, i)}, new(InstanceResponse), true)
	return answer
}

// DeregisterPersistent takes a persistent instance off its service. It is OK, too, if there was none.
func (c *Client) DeregisterPersistent(ctx context.Context, service model.Service, i model.Instance) client.Answer {
	answer, _ := c.request(ctx, PersistentInstanceRequest{name(service), deregisterInstance, describe(service, i)}, new(InstanceResponse), true)
	return answer
}

func compareServices(a, b model.Service) int { return strings.Compare(a.String(), b.String()) }
