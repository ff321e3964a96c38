package registry

import (
	"slices"
	"time"

	"muster/model"
)

// ServiceInfo is what is known of a service besides its instances.
type ServiceInfo struct {
	Service   model.Service
	Ephemeral bool
	// Metadata is nil where no operator set any.
	Metadata *ServiceMetadata
	// Instances is how many are published.
	Instances int
}

// Service returns a service; false if it is unknown.
func (r *Registry) Service(key model.Service) (ServiceInfo, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	s := r.services[key]
	if s == nil {
		return ServiceInfo{Service: key}, false
	}
	return r.info(s), true
}

func (r *Registry) info(s *service) ServiceInfo {
	return ServiceInfo{Service: s.key, Ephemeral: s.ephemeral, Metadata: r.metadata(s.key), Instances: len(s.publishers)}
}

// metadata of a service, nil where none were set.
func (r *Registry) metadata(key model.Service) *ServiceMetadata {
	if m, set := r.serviceMetadata[key]; set {
		return &m
	}
	return nil
}

// ServiceMetadata returns what operators set for a service; nil if they set nothing. It must not be changed.
func (r *Registry) ServiceMetadata(key model.Service) *ServiceMetadata {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.metadata(key)
}

// InstanceMetadata returns what an operator wrote over an instance; false if nothing.
func (r *Registry) InstanceMetadata(key model.Service, metadataID string) (InstanceMetadata, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	m, set := r.instanceMetadata[key][metadataID]
	return m, set
}

// Services lists the services of a namespace, in order.
func (r *Registry) Services(namespace string) []ServiceInfo {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var services []ServiceInfo
	for key, s := range r.services {
		if key.Namespace == namespace {
			services = append(services, r.info(s))
		}
	}
	slices.SortFunc(services, func(a, b ServiceInfo) int { return compareServices(a.Service, b.Service) })
	return services
}

// CountServices counts the services that match.
func (r *Registry) CountServices(matches func(model.Service) bool) int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	count := 0
	for key := range r.services {
		if matches(key) {
			count++
		}
	}
	return count
}

// Counts are the figures of GET /operator/metrics.
type Counts struct {
	Services, Instances, ResponsibleInstances, ResponsibleClients int
	// EphemeralClients and PersistentClients are known by the address of their instance, Connections by their connection, here or
	// at another node.
	EphemeralClients, PersistentClients, Connections int
	// Subscribers are the subscriptions at this node, one a client and service.
	Subscribers int
	// SocketSubscribers are those of them over UDP.
	SocketSubscribers int
}

// Counts counts what this node knows.
func (r *Registry) Counts() Counts {
	r.mu.RLock()
	defer r.mu.RUnlock()
	counts := Counts{Services: len(r.services), SocketSubscribers: r.overUDP}
	for _, c := range r.clients {
		instances := 0
		for _, p := range c.published {
			instances += p.count()
		}
		counts.Instances += instances
		counts.Subscribers += len(c.subscribed)
		switch {
		case isConnectionID(c.id):
			counts.Connections++
		case c.ephemeral:
			counts.EphemeralClients++
		default:
			counts.PersistentClients++
		}
		if r.answersFor(c) {
			counts.ResponsibleClients++
			counts.ResponsibleInstances += instances
		}
	}
	return counts
}

// Publication is an instance with what a beat check needs to know of it.
type Publication struct {
	Service  model.Service
	ClientID string
	Published
	// Beat is when it last gave a sign of life.
	Beat time.Time
	// Cover is what an operator wrote over it, nil if nothing.
	Cover *InstanceMetadata
}

// Publications lists what a client publishes, in the order of services.
func (r *Registry) Publications(clientID string) []Publication {
	return r.AppendPublications(nil, clientID)
}

// AppendPublications lists what a client publishes behind what is there.
func (r *Registry) AppendPublications(list []Publication, clientID string) []Publication {
	r.mu.RLock()
	defer r.mu.RUnlock()
	c := r.clients[clientID]
	if c == nil {
		return list
	}
	for _, published := range c.published {
		p := Publication{Service: *published.service, ClientID: clientID, Published: published.Published, Beat: published.beat}
		if cover, set := r.instanceMetadata[p.Service][p.metadataID()]; set {
			p.Cover = &cover
		}
		list = append(list, p)
	}
	return list
}

// Published returns what a client publishes in a service, before operators' metadata, the first of a batch; false if nothing.
func (r *Registry) Published(key model.Service, clientID string) (Published, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if c := r.clients[clientID]; c != nil && c.published.of(key) != nil {
		return c.published.of(key).Published, true
	}
	return Published{}, false
}

// LastBeat is when what a client publishes in a service last gave a sign of life, or was registered; zero if it publishes nothing.
func (r *Registry) LastBeat(key model.Service, clientID string) time.Time {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if c := r.clients[clientID]; c != nil && c.published.of(key) != nil {
		return c.published.of(key).beat
	}
	return time.Time{}
}

// HeardFirstHand says whether the last news of a client came to this node itself, not through a peer, and not before a moment.
func (r *Registry) HeardFirstHand(clientID string, since time.Time) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	c := r.clients[clientID]
	return c != nil && !c.heardHere.Before(since) && !c.heardHere.IsZero() && !c.heardHere.Before(c.heard)
}
