package registry

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"muster/model"
)

// Options of a Registry.
type Options struct {
	// Profile is Nacos2 if it is not set.
	Profile Profile
	// Self is this node's address, "ip:port".
	Self string
	// Owner says which node is responsible for a tag ("ip:port") in this node's view of the cluster. Nil: this node, for
	// everything.
	Owner func(tag string) string
	// QuietPersistent tells subscribers nothing of persistent services, as some releases of Nacos 2 are said to do.
	QuietPersistent bool
	// Limits are what clients may have the node keep.
	Limits Limits
}

// Registry holds one node's state.
type Registry struct {
	options Options
	limits  Limits
	// replicated is how long the last snapshot was that was written or restored.
	replicated atomic.Int64

	mu sync.RWMutex
	// kept is about how much memory all takes that Limits count; overUDP is how many of the subscriptions are over UDP.
	kept     int64
	overUDP  int
	services map[model.Service]*service
	clients  map[string]*client
	graves   map[string]grave
	// orphans are services that are not here though operators' metadata lie over their instances.
	orphans map[model.Service]time.Time
	// serviceMetadata, instanceMetadata, namespaces and the persistent clients are written by ApplyCommand and RestorePersistent
	// alone, so that they are the same on every node that applied the same commands.
	serviceMetadata  map[model.Service]ServiceMetadata
	instanceMetadata map[model.Service]map[string]InstanceMetadata
	namespaces       map[string]Namespace
	switches         Switches
	onClientChange   []func(clientID string, removed bool)
	// onPersistentClient are told of new persistent clients.
	onPersistentClient []func(clientID string)

	// subscribers is the index from services, here or not, to the connected clients that are to be told of them.
	subscribers map[model.Service]map[string]*client
	// awaited are the views that will be computed.
	awaited map[model.Service]*awaited
	// held are those whose turn came while an operator had switched pushes off.
	held   map[model.Service]*awaited
	onView []func(*View, []Subscriber)
}

// service is a singleton by its key.
type service struct {
	key       model.Service
	ephemeral bool
	// made is when this node first knew the service; touched when that was or it last lost its last publisher.
	made, touched time.Time
	// takes is about how much memory it takes besides its instances.
	takes int64
	// publishers is the index from the service to the clients that publish an instance of it.
	publishers map[string]*client
	// clusters are those that have had instances.
	clusters map[string]bool
	// left is when instances went, by the id of the operators' metadata over them.
	left map[string]time.Time
	// moved are the connections that began to publish instances last, by metadata id.
	moved map[string]move
	// view is what queries get; nil until it is first computed.
	view *View
}

// client is whoever published instances.
type client struct {
	id        string
	ephemeral bool
	revision  int64
	published publications
	// content is the sum of the digests of what is published.
	content digest
	// heard is when any node last heard from the client, as far as this one knows; heardHere when this node itself did, zero if
	// never.
	heard, heardHere time.Time
	// verified is when the client was made or last registered, beaten, synchronised or found equal by a peer's verification.
	verified time.Time
	// connection is not nil while the client is connected to this node. It is then heard of at any time.
	connection *Connection
	// socket is where the client takes pushes over UDP, nil if nowhere; asked is when it last asked for a list.
	socket     *Connection
	asked      time.Time
	subscribed map[model.Service]Subscription
}

// grave remembers a client that this node removed, so that late news of its life can be told from new ones.
type grave struct {
	heard, heardHere, dug time.Time
}

// New makes an empty registry.
func New(options Options) *Registry {
	return &Registry{
		options:          options,
		limits:           options.Limits.orDefaults(),
		services:         map[model.Service]*service{},
		clients:          map[string]*client{},
		graves:           map[string]grave{},
		orphans:          map[model.Service]time.Time{},
		serviceMetadata:  map[model.Service]ServiceMetadata{},
		instanceMetadata: map[model.Service]map[string]InstanceMetadata{},
		namespaces:       map[string]Namespace{},
		switches:         DefaultSwitches(),
		subscribers:      map[model.Service]map[string]*client{},
		awaited:          map[model.Service]*awaited{},
		held:             map[model.Service]*awaited{},
	}
}

// OnPersistentClient has came called with the id of each client that registers its first persistent instance. Calls come with locks held:
// came must not ask the registry anything. Register before the first request.
func (r *Registry) OnPersistentClient(came func(clientID string)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.onPersistentClient = append(r.onPersistentClient, came)
}

// OnClientChange has changed called after each change of an ephemeral client that this node must tell its peers of: what it
// published changed, or it is gone (removed). It is also called when a peer's stale news was refused, so that the peer learns
// better; tell every peer, whoever is responsible. Calls come without locks held, possibly from several goroutines at once: read
// the client's state with Snapshot when it is sent, not when it is reported. Register before the first request.
func (r *Registry) OnClientChange(changed func(clientID string, removed bool)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.onClientChange = append(r.onClientChange, changed)
}

func (r *Registry) report(clientID string, removed bool) {
	r.mu.RLock()
	listeners := r.onClientChange
	r.mu.RUnlock()
	for _, changed := range listeners {
		changed(clientID, removed)
	}
}

// KindError says that an instance of one kind was to be registered in a service of the other.
type KindError struct {
	Service model.Service
	// Ephemeral is the kind of the service.
	Ephemeral bool
	// Batch says that several instances were to be registered at once.
	Batch bool
}

func (e KindError) Error() string {
	is, wanted := "persistent", "ephemeral"
	if e.Ephemeral {
		is, wanted = wanted, is
	}
	register := "register"
	if e.Batch {
		register = "batch register"
	}
	return fmt.Sprintf("Current service %s is %s service, can't %s %s instance.", e.Service.GroupedName(), is, register, wanted)
}

// CheckKind returns a KindError if the service exists and is of the other kind.
func (r *Registry) CheckKind(key model.Service, ephemeral bool) error {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if s, known := r.services[key]; known && s.ephemeral != ephemeral && !r.options.Profile.mixes() {
		return KindError{Service: key, Ephemeral: s.ephemeral}
	}
	return nil
}

// RegisterEphemeral takes an instance on, in place of what the same address published in that service before. It counts as a sign
// of life. The error is ErrFull, ErrWeight or a KindError.
func (r *Registry) RegisterEphemeral(key model.Service, instance Published) error {
	if err := checkWeights(instance); err != nil {
		return err
	}
	id := r.InstanceClient(key, instance.IP, instance.Port, instance.Cluster, true)
	r.mu.Lock()
	if s, known := r.services[key]; known && !s.ephemeral && !r.options.Profile.mixes() {
		r.mu.Unlock()
		return KindError{Service: key, Ephemeral: false}
	}
	now := time.Now()
	c := r.clients[id]
	if err := r.roomFor(c, key, []Published{instance}); err != nil {
		r.mu.Unlock()
		return err
	}
	if c == nil {
		c = r.newClient(id)
	}
	c.heard, c.heardHere, c.verified = now, now, now
	r.publish(c, key, []Published{instance}, now)
	c.revision = c.contentRevision()
	r.mu.Unlock()
	r.report(id, false)
	return nil
}

// InstanceClient is the id of the client that publishes an instance of a service over HTTP.
func (r *Registry) InstanceClient(key model.Service, ip string, port int, cluster string, ephemeral bool) string {
	return r.options.Profile.clientID(key, ip, port, cluster, ephemeral)
}

// DeregisterEphemeral takes an instance off where clients are known by addresses (Nacos2). It reports whether there was one.
func (r *Registry) DeregisterEphemeral(key model.Service, ip string, port int) bool {
	return r.Deregister(key, ClientID(ip, port, true))
}

// Deregister takes an ephemeral instance off, by the id of its client. It reports whether there was one.
func (r *Registry) Deregister(key model.Service, clientID string) bool {
	return r.takeOff(key, clientID, func(c *client) bool {
		now := time.Now()
		c.heard, c.heardHere = now, now
		return true
	})
}

// Expire takes an instance off because it gave no sign of life; unlike a deregistration this is no news from the client. It is
// refused, with false, if the instance is gone or has given a sign of life since the beat that the caller judged by.
func (r *Registry) Expire(key model.Service, clientID string, beat time.Time) bool {
	return r.takeOff(key, clientID, func(c *client) bool { return !c.published.of(key).beat.After(beat) })
}

// takeOff takes an instance off if there is one and it may go. That is asked under the lock that it goes under: nothing comes between.
func (r *Registry) takeOff(key model.Service, clientID string, mayGo func(*client) bool) bool {
	r.mu.Lock()
	c := r.clients[clientID]
	if c == nil || c.published.of(key) == nil || !mayGo(c) {
		r.mu.Unlock()
		return false
	}
	r.unpublish(c, key)
	removed := len(c.published) == 0 && r.bury(c)
	if !removed {
		c.revision = c.contentRevision()
	}
	r.mu.Unlock()
	r.report(clientID, removed)
	return true
}

// Beat notes a sign of life of the instance that a client publishes in a service. An unhealthy one becomes healthy. It reports whether
// the instance is known.
func (r *Registry) Beat(key model.Service, id string) bool {
	r.mu.Lock()
	c := r.clients[id]
	if c == nil || c.published.of(key) == nil {
		r.mu.Unlock()
		return false
	}
	now := time.Now()
	c.heard, c.heardHere, c.verified = now, now, now
	p := c.published.of(key)
	p.beat = now
	recovered := !p.Healthy
	if recovered {
		r.setHealth(c, key, true)
	}
	r.mu.Unlock()
	if recovered {
		r.report(id, false)
	}
	return true
}

// MarkUnhealthy is what a missing beat leads to. It is refused, with false, if the instance is gone, unhealthy already, or has
// given a sign of life since the beat that the caller judged by.
func (r *Registry) MarkUnhealthy(key model.Service, clientID string, beat time.Time) bool {
	r.mu.Lock()
	c := r.clients[clientID]
	if c == nil || c.published.of(key) == nil || !c.published.of(key).Healthy || c.published.of(key).beat.After(beat) {
		r.mu.Unlock()
		return false
	}
	r.setHealth(c, key, false)
	r.mu.Unlock()
	r.report(clientID, false)
	return true
}

// renew notes that a client was confirmed now, and that its instances gave a sign of life then.
func (c *client) renew(now, beat time.Time) {
	c.verified = now
	for _, p := range c.published {
		if beat.After(p.beat) {
			p.beat = beat
		}
	}
}

// newClient adds a client that has published nothing yet. That one of the same id was removed is forgotten.
func (r *Registry) newClient(id string) *client {
	r.forget(id)
	c := &client{id: id, ephemeral: isEphemeralID(id), verified: time.Now()}
	r.clients[id] = c
	return c
}

// forget forgets that a client was removed.
func (r *Registry) forget(id string) {
	if _, buried := r.graves[id]; buried {
		delete(r.graves, id)
		r.kept -= graveSize + int64(len(id))
	}
}

// singleton finds a service or makes it. A service that nobody publishes takes the kind of whoever comes next.
func (r *Registry) singleton(key model.Service, ephemeral bool) *service {
	s := r.services[key]
	if s == nil {
		now := time.Now()
		s = &service{key: key, ephemeral: ephemeral, made: now, touched: now, publishers: map[string]*client{}, clusters: map[string]bool{}}
		r.services[key] = s
		r.take(s, sizeOfService(key))
	} else if len(s.publishers) == 0 {
		s.ephemeral = ephemeral
	}
	return s
}

// dropService forgets a service.
func (r *Registry) dropService(s *service) {
	delete(r.services, s.key)
	r.kept -= s.takes
}

// take counts memory that a service takes besides its instances; less than none gives it back.
func (r *Registry) take(s *service, bytes int64) {
	s.takes += bytes
	r.kept += bytes
}

// publish has a client publish some instances, one at least, in place of what it published in that service before.
func (r *Registry) publish(c *client, key model.Service, instances []Published, now time.Time) {
	s := r.singleton(key, c.ephemeral)
	old := c.published.of(key)
	if old != nil {
		r.leave(s, old, now)
	}
	p := &publication{Published: instances[0].owned(), service: &s.key, beat: now}
	for _, i := range instances[1:] {
		p.more = append(p.more, i.owned())
	}
	r.noteMoves(s, c, p, old)
	c.put(p)
	r.kept += p.size() - old.size()
	s.publishers[c.id] = c
	for i := range p.count() {
		if len(s.left) > 0 {
			delete(s.left, p.at(i).metadataID())
		}
		if cluster := p.at(i).Cluster; !s.clusters[cluster] {
			s.clusters[cluster] = true
			r.take(s, sizeOfCluster(cluster))
		}
	}
	r.changed(s)
}

func (r *Registry) unpublish(c *client, key model.Service) {
	old := c.published.of(key)
	c.drop(key)
	r.kept -= old.size()
	s := r.services[key]
	if s == nil {
		return
	}
	delete(s.publishers, c.id)
	s.touched = time.Now()
	r.leave(s, old, s.touched)
	r.changed(s)
}

// leave notes when instances went that an operator's metadata lie over.
func (r *Registry) leave(s *service, old *publication, now time.Time) {
	covers := r.instanceMetadata[s.key]
	if len(covers) == 0 {
		return
	}
	for i := range old.count() {
		id := old.at(i).metadataID()
		if _, covered := covers[id]; !covered {
			continue
		}
		if s.left == nil {
			s.left = map[string]time.Time{}
		}
		s.left[id] = now
	}
}

// lastHeard is when any node last heard from the client, as far as this one knows.
func (c *client) lastHeard() time.Time {
	if c.connection != nil {
		return time.Now()
	}
	return c.heard
}

func (r *Registry) setHealth(c *client, key model.Service, healthy bool) {
	// The publication is replaced, not changed: views may still read the old one.
	changed := *c.published.of(key)
	changed.Healthy = healthy
	c.put(&changed)
	c.revision = c.contentRevision()
	if s := r.services[key]; s != nil {
		r.changed(s)
	}
}

// clientIDs returns the ids of the clients that match, in order.
func (r *Registry) clientIDs(matches func(*client) bool) []string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.matching(matches)
}

// buryAll removes the clients that match and returns their ids, in order. No sign of life comes between the look and the removal.
func (r *Registry) buryAll(matches func(*client) bool) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	ids := r.matching(matches)
	for _, id := range ids {
		r.bury(r.clients[id])
	}
	return ids
}

// matching is clientIDs for callers that hold the lock.
func (r *Registry) matching(matches func(*client) bool) []string {
	ids := make([]string, 0, len(r.clients))
	for id, c := range r.clients {
		if matches(c) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// Responsible says whether this node answers for a client.
func (r *Registry) Responsible(clientID string) bool {
	if isConnectionID(clientID) {
		_, connected := r.ConnectionOf(clientID)
		return connected
	}
	return r.owns(clientID)
}

// owns says whether the address of a client that has no connection is this node's to answer for.
func (r *Registry) owns(clientID string) bool {
	return r.options.Owner == nil || r.options.Owner(r.options.Profile.tagOf(clientID)) == r.options.Self
}
