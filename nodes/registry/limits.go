package registry

import (
	"cmp"
	"errors"
	"fmt"

	"muster/model"
)

// Limits bound what a node keeps for its clients, none of whom it knows: what is beyond is refused with ErrFull. They hold for what clients
// ask of this node. What peers and the Raft group tell counts, but is taken in: members differ in no such thing. Zero values mean the
// defaults. (Nacos has no such limits but that of a request's size.)
type Limits struct {
	// Bytes is how much memory services, instances and subscriptions may take, and for some minutes what is remembered of those that went, by a
	// rough count: 2 GiB, some two million instances. As long may a snapshot be of what the Raft group keeps.
	Bytes int64
	// ServicesPerConnection is how many services one connection may publish in, and how many it may subscribe to: 20,000.
	ServicesPerConnection int
	// SocketSubscriptions is how many subscriptions over UDP there may be, whose addresses are whatever a request says: 20,000.
	SocketSubscriptions int
	// InstanceBytes is how much of that one instance may take, its service's name included: 256 KiB. Members tell each other of an instance in
	// one message, whatever JSON makes of its texts.
	InstanceBytes int64
	// CommandBytes is how long a command for the Raft group may be, which all nodes keep in their logs: 256 KiB.
	CommandBytes int
}

// DefaultBytes is Limits.Bytes where nobody says anything else.
const DefaultBytes = 2 << 30

func (l Limits) orDefaults() Limits {
	l.Bytes = cmp.Or(l.Bytes, DefaultBytes)
	l.ServicesPerConnection = cmp.Or(l.ServicesPerConnection, 20_000)
	l.SocketSubscriptions = cmp.Or(l.SocketSubscriptions, 20_000)
	l.InstanceBytes = cmp.Or(l.InstanceBytes, 256<<10)
	l.CommandBytes = cmp.Or(l.CommandBytes, 256<<10)
	return l
}

// ErrFull says that a node has no room for what a client wants kept.
var ErrFull = errors.New("this node has no room for more")

// What something takes of the memory besides its texts, in bytes: a service, an instance with the client that publishes it, one of its metadata
// or a cluster of the service, a subscription; a client that was removed, and an instance that moved, as long as they are remembered.
const (
	serviceSize      = 600
	instanceSize     = 800
	metadataSize     = 64
	subscriptionSize = 400
	graveSize        = 200
	moveSize         = 150
)

// sizeOfService is what a service takes that has nothing yet.
func sizeOfService(key model.Service) int64 {
	return int64(serviceSize + len(key.Namespace) + len(key.Group) + len(key.Name))
}

// sizeOfCluster is what the name of a service's cluster takes.
func sizeOfCluster(name string) int64 { return int64(metadataSize + len(name)) }

// size is about how much memory instances take that are published together.
func size(instances ...Published) (bytes int64) {
	for i := range instances {
		bytes += instances[i].size()
	}
	return bytes
}

func (p *Published) size() int64 {
	bytes := instanceSize + len(p.IP) + len(p.Cluster) + len(p.InstanceID) + len(p.App)
	for name, value := range p.Metadata {
		bytes += metadataSize + len(name) + len(value)
	}
	return int64(bytes)
}

func (p *publication) size() (bytes int64) {
	if p == nil {
		return 0
	}
	for i := range p.count() {
		bytes += p.at(i).size()
	}
	return bytes
}

func (s Subscription) size() int64 {
	bytes := subscriptionSize + len(s.Service.Namespace) + len(s.Service.Group) + len(s.Service.Name)
	if s.Clusters != nil {
		bytes += len(*s.Clusters)
	}
	return int64(bytes)
}

// fits says whether there is room for something in place of something else; what takes no more than before always fits.
func (r *Registry) fits(what string, now, before int64) error {
	if grows := now - before; grows > 0 && r.kept+grows > r.limits.Bytes {
		return fmt.Errorf("%w: %s would take what clients have it keep beyond %d bytes", ErrFull, what, r.limits.Bytes)
	}
	return nil
}

// roomFor says whether a client may publish instances in a service.
func (r *Registry) roomFor(c *client, key model.Service, instances []Published) error {
	var before *publication
	if c != nil {
		before = c.published.of(key)
	}
	if before == nil && c != nil && c.connection != nil && len(c.published) >= r.limits.ServicesPerConnection {
		return fmt.Errorf("%w: a connection publishes in at most %d services", ErrFull, r.limits.ServicesPerConnection)
	}
	name := int64(len(key.Namespace) + len(key.Group) + len(key.Name))
	for i := range instances {
		if takes := name + instances[i].size(); takes > r.limits.InstanceBytes {
			return fmt.Errorf("%w: an instance takes %d bytes; want at most %d", ErrFull, takes, r.limits.InstanceBytes)
		}
	}
	return r.fits("the instance", size(instances...)+r.stays(key, instances, before), before.size())
}

// stays is what instances take besides themselves that a service has not had, and what may stay for a while when they go.
func (r *Registry) stays(key model.Service, instances []Published, before *publication) (bytes int64) {
	s := r.services[key]
	if s == nil {
		s, bytes = &service{}, sizeOfService(key)
	}
	had := before.places()
	for i := range instances {
		p := &instances[i]
		if !s.clusters[p.Cluster] {
			bytes += sizeOfCluster(p.Cluster)
		}
		if !had.has(p) {
			bytes += moveSize + int64(len(p.IP)+len(p.Cluster))
		}
	}
	return bytes
}

// roomToSubscribe says whether a client may have a wish; c is nil for one that is not known yet.
func (r *Registry) roomToSubscribe(c *client, wish Subscription, overUDP bool) error {
	var before int64
	again := false
	if c != nil {
		var old Subscription
		if old, again = c.subscribed[wish.Service]; again {
			before = old.size()
		}
	}
	switch {
	case again:
	case overUDP && r.overUDP >= r.limits.SocketSubscriptions:
		return fmt.Errorf("%w: there are at most %d subscriptions over UDP", ErrFull, r.limits.SocketSubscriptions)
	case !overUDP && len(c.subscribed) >= r.limits.ServicesPerConnection:
		return fmt.Errorf("%w: a connection subscribes to at most %d services", ErrFull, r.limits.ServicesPerConnection)
	}
	return r.fits("the subscription", wish.size(), before)
}

// Admit says whether a command that clients want, as it was encoded, may go to the Raft group; if not, the error is ErrFull.
func (r *Registry) Admit(c Command, encoded []byte) error {
	if len(encoded) > r.limits.CommandBytes {
		return fmt.Errorf("%w: the command %s of %s takes %d bytes; want at most %d", ErrFull, c.Kind, c.Service, len(encoded), r.limits.CommandBytes)
	}
	switch c.Kind {
	case RegisterPersistent, CreateService, UpdateService, SetCluster, SetInstanceMetadata, CreateNamespace:
		if size := r.replicated.Load(); size > r.limits.Bytes {
			return fmt.Errorf("%w: what all members keep took %d bytes in the last snapshot; want at most %d", ErrFull, size, r.limits.Bytes)
		}
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	if c.MakesService && r.services[c.Service] == nil {
		return r.fits("the service", sizeOfService(c.Service), 0)
	}
	if c.Kind != RegisterPersistent || c.Instance == nil {
		return nil
	}
	publisher := r.clients[r.InstanceClient(c.Service, c.Instance.IP, c.Instance.Port, c.Instance.Cluster, false)]
	return r.roomFor(publisher, c.Service, []Published{*c.Instance})
}
