package registry

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"muster/model"
)

// emptyClientAge is how long an ephemeral client that publishes nothing any more is shown (Nacos:
// EphemeralIpPortClientManager.isExpireClient, 30 s).
const emptyClientAge = 30 * time.Second

// ClientInfo is what is known of a client besides what it publishes.
type ClientInfo struct {
	ID        string
	Ephemeral bool
	// Updated is when it was made, registered, beaten, synchronised or verified last.
	Updated time.Time
}

// Client returns a client; false if it is unknown. An ephemeral one whose last instance left is known, empty, for half a minute,
// unless it had a connection: that is gone at once.
func (r *Registry) Client(id string) (ClientInfo, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if c := r.clients[id]; c != nil {
		return ClientInfo{ID: id, Ephemeral: c.ephemeral, Updated: c.updated()}, true
	}
	if g, buried := r.graves[id]; buried && !isConnectionID(id) && time.Since(g.dug) < emptyClientAge {
		return ClientInfo{ID: id, Ephemeral: true, Updated: g.dug}, true
	}
	return ClientInfo{}, false
}

func (c *client) updated() time.Time {
	latest := c.verified
	for _, at := range []time.Time{c.heard, c.asked} {
		if at.After(latest) {
			latest = at
		}
	}
	return latest
}

// Clients lists the ids of all clients that Client knows, in order.
func (r *Registry) Clients() []string {
	ids := r.clientIDs(func(*client) bool { return true })
	r.mu.RLock()
	for id, g := range r.graves {
		if !isConnectionID(id) && time.Since(g.dug) < emptyClientAge {
			ids = append(ids, id)
		}
	}
	r.mu.RUnlock()
	slices.Sort(ids)
	return slices.Compact(ids)
}

// ClientPublished is an instance with the client that publishes it.
type ClientPublished struct {
	ClientID string
	Published
}

// Publishers lists who publishes a service, and what, before operators' metadata; in the order of ids.
func (r *Registry) Publishers(key model.Service) []ClientPublished {
	r.mu.RLock()
	defer r.mu.RUnlock()
	s := r.services[key]
	if s == nil {
		return nil
	}
	list := make([]ClientPublished, 0, len(s.publishers))
	for id, c := range s.publishers {
		for i := range c.published.of(key).count() {
			list = append(list, ClientPublished{ClientID: id, Published: *c.published.of(key).at(i)})
		}
	}
	slices.SortStableFunc(list, func(a, b ClientPublished) int { // a batch may have several of one port
		return cmp.Or(strings.Compare(a.ClientID, b.ClientID), cmp.Compare(a.Port, b.Port))
	})
	return list
}
