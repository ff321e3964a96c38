package registry

import (
	"time"

	"muster/model"
)

// SubscribeSocket has whoever takes pushes at a UDP address told of a service, which need not exist. It is what asking for a list with
// a port means, and holds until it has not been asked again for a while: 30 s. What at.ID says is not looked at. In Nacos 2.x a new
// subscriber is shown the service ViewDelay from now. The error is ErrFull.
func (r *Registry) SubscribeSocket(at Connection, wish Subscription) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	at.ID = r.options.Profile.subscriberID(at, wish)
	now := time.Now()
	c := r.clients[at.ID]
	if err := r.roomToSubscribe(c, wish, true); err != nil {
		return err
	}
	if c == nil {
		c = r.newClient(at.ID)
		c.revision = r.options.Profile.subscriberRevision(c)
	}
	if c.subscribed == nil {
		c.subscribed = map[model.Service]Subscription{}
	}
	c.socket, c.asked = &at, now
	r.subscribe(c, wish, r.options.Profile.pushesFirst())
	return nil
}

// reachable says whether a subscriber is still there, as far as this node can know: a connection ends in sight of it, a socket does
// not.
func (r *Registry) reachable(c *client, now time.Time) bool {
	return c.connection != nil || c.socket != nil && now.Sub(c.asked) <= r.options.Profile.lease()
}

// ExpireSockets forgets the subscribers over UDP that have not asked for a list for so long that they must be gone, and clients that
// do nothing else. It returns the ids of the clients that are gone, in order.
func (r *Registry) ExpireSockets() []string {
	now := time.Now()
	r.mu.Lock()
	var told []string
	gone := r.matching(func(c *client) bool {
		return c.ephemeral && c.connection == nil && !isConnectionID(c.id) && len(c.published) == 0 && !r.reachable(c, now) &&
			now.Sub(c.updated()) > r.options.Profile.lease()
	})
	for _, c := range r.clients {
		if c.socket != nil && !r.reachable(c, now) {
			r.dropSocket(c)
		}
	}
	for _, id := range gone {
		if c := r.clients[id]; c.revision != 0 && r.answersFor(c) {
			told = append(told, id)
		}
		delete(r.clients, id)
	}
	r.mu.Unlock()
	for _, id := range told {
		r.report(id, true)
	}
	return gone
}

// dropSocket ends all that a client subscribed over UDP.
func (r *Registry) dropSocket(c *client) {
	for key := range c.subscribed {
		r.dropSubscriber(c, key)
	}
	c.socket = nil
}
