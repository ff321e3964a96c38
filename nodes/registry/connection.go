package registry

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"muster/model"
)

// Connection is a client that publishes and subscribes over a connection of its own to this node (Nacos: ConnectionBasedClient).
// What it publishes is gone when the connection is. A subscriber over UDP is described by the same fields.
type Connection struct {
	// ID names the connection and the client, "<milliseconds>_<ip>_<port>"; of a socket it is a ClientID.
	ID string
	// App is the application's name as the client stated it, "-" if it did not; Agent is the SDK, for example
	// "Nacos-Go-Client:v2.3.2".
	App, Agent string
	// IP is the address that the client stated; Port is the real remote port of the connection, or the port of the socket.
	IP   string
	Port int
}

// Subscription is a client's wish to be told of a service's changes.
type Subscription struct {
	Service model.Service
	// Clusters, separated by commas, is what the client wants to see of the service; nil where it did not say, which is all.
	Clusters *string
}

// Subscriber is a client with what it subscribed.
type Subscriber struct {
	Connection
	Subscription
}

// ErrNotConnected says that no such client is connected to this node.
var ErrNotConnected = errors.New("the client is not connected to this node")

// isConnectionID says whether a client is a connection, by its id; the ids of all others have a '#' (Nacos:
// ClientManagerDelegate).
func isConnectionID(clientID string) bool { return !strings.Contains(clientID, "#") }

// IsConnection says whether a client lives as long as a connection does, here or at another node, so that nobody is to expect
// beats of it.
func IsConnection(clientID string) bool { return isConnectionID(clientID) }

// answersFor says whether this node answers for a client: for a connection, the node that has it; for others, the owner of the
// address.
func (r *Registry) answersFor(c *client) bool {
	if isConnectionID(c.id) {
		return c.connection != nil
	}
	return r.owns(c.id)
}

// Connect adds the client of a new connection. It has published nothing, so peers are not told yet.
func (r *Registry) Connect(connection Connection) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.clients[connection.ID]
	if c == nil {
		c = r.newClient(connection.ID)
	}
	c.connection, c.verified = &connection, time.Now()
	c.subscribed = map[model.Service]Subscription{}
}

// Disconnect removes a client whose connection has ended, with everything that it published and subscribed.
func (r *Registry) Disconnect(id string) {
	r.mu.Lock()
	c := r.clients[id]
	if c == nil || c.connection == nil {
		r.mu.Unlock()
		return
	}
	for key := range c.subscribed {
		r.dropSubscriber(c, key)
	}
	told := c.revision != 0
	c.heard = time.Now()
	c.heardHere = c.heard
	c.connection = nil
	r.bury(c)
	r.mu.Unlock()
	if told {
		r.report(id, true)
	}
}

// PublishConnected has a connected client publish these instances of a service, and nothing else there: a client has one
// publication a service, which may be a batch. The error is ErrNotConnected, ErrFull, ErrWeight or a KindError.
func (r *Registry) PublishConnected(id string, key model.Service, instances ...Published) error {
	if err := checkWeights(instances...); err != nil {
		return err
	}
	r.mu.Lock()
	if s, known := r.services[key]; known && !s.ephemeral {
		r.mu.Unlock()
		return KindError{Service: key, Ephemeral: false}
	}
	c := r.clients[id]
	if c == nil || c.connection == nil {
		r.mu.Unlock()
		return ErrNotConnected
	}
	if err := r.roomFor(c, key, instances); err != nil {
		r.mu.Unlock()
		return err
	}
	c.verified = time.Now()
	switch {
	case len(instances) > 0:
		r.publish(c, key, instances, c.verified)
	case c.published.of(key) != nil:
		r.unpublish(c, key)
	default:
		r.singleton(key, true)
	}
	c.revision = c.contentRevision()
	r.mu.Unlock()
	r.report(id, false)
	return nil
}

// DeregisterConnected takes off whatever a connected client publishes in a service; nothing there is no error. The client stays.
// The error is ErrNotConnected.
func (r *Registry) DeregisterConnected(id string, key model.Service) error {
	r.mu.Lock()
	c := r.clients[id]
	if c == nil || c.connection == nil {
		r.mu.Unlock()
		return ErrNotConnected
	}
	if c.published.of(key) == nil {
		r.mu.Unlock()
		return nil
	}
	r.unpublish(c, key)
	c.revision, c.verified = c.contentRevision(), time.Now()
	r.mu.Unlock()
	r.report(id, false)
	return nil
}

// Subscribe has a connected client told of a service, which need not exist: once ViewDelay from now, and then after changes (see
// OnView). Subscribing again replaces the wish and is not answered by a view of its own. The error is ErrNotConnected or ErrFull.
func (r *Registry) Subscribe(id string, wish Subscription) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.clients[id]
	if c == nil || c.connection == nil {
		return ErrNotConnected
	}
	if err := r.roomToSubscribe(c, wish, false); err != nil {
		return err
	}
	r.subscribe(c, wish, true)
	return nil
}

// subscribe notes a wish; one that is new is answered by a view if it is to be.
func (r *Registry) subscribe(c *client, wish Subscription, first bool) {
	old, again := c.subscribed[wish.Service]
	c.subscribed[wish.Service] = wish
	r.kept += wish.size()
	switch {
	case again:
		r.kept -= old.size()
	case c.connection == nil:
		r.overUDP++
	}
	if r.subscribers[wish.Service] == nil {
		r.subscribers[wish.Service] = map[string]*client{}
	}
	r.subscribers[wish.Service][c.id] = c
	if first && !again {
		r.viewLater(wish.Service, ViewDelay, c.id)
	}
}

// Unsubscribe ends a subscription; one that never was ends without an error. The error is ErrNotConnected.
func (r *Registry) Unsubscribe(id string, key model.Service) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.clients[id]
	if c == nil || c.connection == nil {
		return ErrNotConnected
	}
	r.dropSubscriber(c, key)
	return nil
}

func (r *Registry) dropSubscriber(c *client, key model.Service) {
	wish, subscribed := c.subscribed[key]
	if !subscribed {
		return
	}
	r.kept -= wish.size()
	if c.connection == nil {
		r.overUDP--
	}
	delete(c.subscribed, key)
	delete(r.subscribers[key], c.id)
	if len(r.subscribers[key]) == 0 {
		delete(r.subscribers, key)
	}
}

// SubscriberOf says who a client is that this node tells of changes, over its connection or over UDP; false if it is neither.
func (r *Registry) SubscriberOf(clientID string) (Connection, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if c := r.clients[clientID]; c != nil && c.pushedTo() != nil {
		return *c.pushedTo(), true
	}
	return Connection{}, false
}

// pushedTo is where a client takes pushes, nil if nowhere.
func (c *client) pushedTo() *Connection {
	if c.connection != nil {
		return c.connection
	}
	return c.socket
}

// ConnectionOf returns the connection of a client; false if it is not connected to this node.
func (r *Registry) ConnectionOf(clientID string) (Connection, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if c := r.clients[clientID]; c != nil && c.connection != nil {
		return *c.connection, true
	}
	return Connection{}, false
}

// Subscriptions lists what a client subscribed at this node, in the order of services.
func (r *Registry) Subscriptions(clientID string) []Subscription {
	r.mu.RLock()
	defer r.mu.RUnlock()
	c := r.clients[clientID]
	if c == nil {
		return nil
	}
	list := make([]Subscription, 0, len(c.subscribed))
	for _, wish := range c.subscribed {
		list = append(list, wish)
	}
	slices.SortFunc(list, func(a, b Subscription) int { return compareServices(a.Service, b.Service) })
	return list
}

// Subscribers lists the clients at this node that subscribed a service, in the order of their ids.
func (r *Registry) Subscribers(key model.Service) []Subscriber {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.subscribersOf(key, func(string) bool { return true })
}

// SubscribersLike lists the clients at this node that subscribed a service of the namespace whose group and name contain these, in the
// order of services and of ids.
func (r *Registry) SubscribersLike(pattern model.Service) []Subscriber {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var list []Subscriber
	for _, key := range slices.SortedFunc(maps.Keys(r.subscribers), compareServices) {
		if key.Namespace == pattern.Namespace && strings.Contains(key.Group, pattern.Group) && strings.Contains(key.Name, pattern.Name) {
			list = append(list, r.subscribersOf(key, func(string) bool { return true })...)
		}
	}
	return list
}

func (r *Registry) subscribersOf(key model.Service, wanted func(clientID string) bool) []Subscriber {
	now := time.Now()
	list := make([]Subscriber, 0, len(r.subscribers[key]))
	for id, c := range r.subscribers[key] {
		if wanted(id) && r.reachable(c, now) {
			list = append(list, Subscriber{Connection: *c.pushedTo(), Subscription: c.subscribed[key]})
		}
	}
	slices.SortFunc(list, func(a, b Subscriber) int { return cmp.Compare(a.ID, b.ID) })
	return list
}
