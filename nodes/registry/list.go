package registry

import (
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"
	"time"

	"muster/model"
)

// SelectList returns the hosts of a view that a query of Nacos 1.x wants. Other than Select, it counts disabled hosts when it looks at
// the threshold, needs nobody to have set one, and leaves unhealthy ones out only after that (Nacos 1.x: InstanceController.doSrvIpxt).
func (v *View) SelectList(want Selection, threshold float32) []*Host {
	wanted := wantedClusters(want.Clusters)
	candidates, healthy := make([]*Host, 0, len(v.Hosts)), 0
	for _, h := range v.Hosts {
		if wanted == nil || slices.Contains(wanted, h.Cluster) {
			candidates = append(candidates, h)
			if h.Healthy {
				healthy++
			}
		}
	}
	protected := Protects(healthy, len(candidates), threshold)
	hosts := candidates[:0]
	for _, h := range candidates {
		switch {
		case !h.Enabled || want.HealthyOnly && !h.Healthy && !protected:
		case protected && !h.Healthy:
			hosts = append(hosts, h.asHealthy())
		default:
			hosts = append(hosts, h)
		}
	}
	return hosts
}

// wantedClusters splits a query's clusters; nil for all.
func wantedClusters(clusters string) []string {
	if strings.TrimSpace(clusters) == "" {
		return nil
	}
	return strings.Split(clusters, ",")
}

// ClusterNames joins those clusters that are known by instances and those that have settings, in order.
func ClusterNames(known []string, metadata ServiceMetadata) []string {
	names := slices.AppendSeq(slices.Clone(known), maps.Keys(metadata.Clusters))
	slices.Sort(names)
	return slices.Compact(names)
}

// MakeService has an ephemeral service that nobody has registered in, unless it is there. The error is ErrFull.
func (r *Registry) MakeService(key model.Service) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.services[key] == nil {
		if err := r.fits("the service", sizeOfService(key), 0); err != nil {
			return err
		}
	}
	r.singleton(key, true)
	return nil
}

// ApplyList takes an instance of a list that a member tells of, as ApplySync does, with the revision that its content has.
func (r *Registry) ApplyList(data ClientData) error {
	c := &client{id: data.ID}
	for _, p := range data.Published {
		c.put(&publication{Published: p.Published, service: &p.Service})
	}
	data.Revision = c.contentRevision()
	return r.ApplySync(data)
}

// List is a service's ephemeral instances as members compare them (Nacos 1.x: a datum of the ephemeral consistency service).
type List struct {
	// Name is "<namespace>##<group>@@<service>".
	Name string `json:"name"`
	// Checksum is equal where the instances are, health included. (Nacos 1.x: Instances.recalculateChecksum.)
	Checksum int64 `json:"checksum"`
}

func listName(key model.Service) string { return key.Namespace + listMark + key.GroupedName() }

// listed are the ids of the clients that publish a service's ephemeral instances, in order.
func (s *service) listed() []string {
	ids := make([]string, 0, len(s.publishers))
	for id, c := range s.publishers {
		if c.ephemeral && !isConnectionID(id) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// list summarises a service's list.
func (r *Registry) list(s *service) (List, []string) {
	ids, h := s.listed(), fnv.New64a()
	for _, id := range ids {
		fmt.Fprintln(h, id, r.clients[id].revision)
	}
	return List{listName(s.key), int64(h.Sum64())}, ids
}

// ListOf is the name of the list that a client's instance stands in, by the client's id, where each instance has a client of its own.
func ListOf(clientID string) string {
	id := clientID[:max(strings.LastIndex(clientID, kindMark), 0)]
	namespace := id[:max(strings.LastIndex(id, listMark), 0)]
	return id[strings.LastIndex(namespace, placeMark)+1:]
}

// ResponsibleLists are the lists that this node answers for, but for empty ones, in the order of their names.
func (r *Registry) ResponsibleLists() []List {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var lists []List
	for key := range r.services {
		if r.options.Owner != nil && r.options.Owner(key.GroupedName()) != r.options.Self {
			continue
		}
		if list, ids := r.list(r.services[key]); len(ids) > 0 {
			lists = append(lists, list)
		}
	}
	slices.SortFunc(lists, func(a, b List) int { return strings.Compare(a.Name, b.Name) })
	return lists
}

// named finds a service by the name of its list.
func (r *Registry) named(list string) *service {
	namespace, grouped, _ := cutLast(list, listMark)
	group, name, _ := strings.Cut(grouped, "@@")
	return r.services[model.Service{Namespace: namespace, Group: group, Name: name}]
}

func cutLast(text, separator string) (before, after string, found bool) {
	if at := strings.LastIndex(text, separator); at >= 0 {
		return text[:at], text[at+len(separator):], true
	}
	return "", text, false
}

// List returns a list by its name, with all that is to be told of it now; an unknown one is empty.
func (r *Registry) List(name string) (List, []ClientData) {
	r.mu.RLock()
	s, list, ids := r.named(name), List{Name: name}, []string(nil)
	if s != nil {
		list, ids = r.list(s)
	}
	r.mu.RUnlock()
	clients := make([]ClientData, 0, len(ids))
	for _, id := range ids {
		if data, exists := r.Snapshot(id); exists {
			clients = append(clients, data)
		}
	}
	return list, clients
}

// RenewList is a peer's verification of a list: it reports whether this node has the same, and which clients publish it here. That is
// no sign of life of theirs.
func (r *Registry) RenewList(theirs List) (same bool, clientIDs []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.named(theirs.Name)
	if s == nil {
		return false, nil
	}
	ours, ids := r.list(s)
	if ours.Checksum != theirs.Checksum {
		return false, ids
	}
	now := time.Now()
	for _, id := range ids {
		r.clients[id].verified = now
	}
	return true, ids
}

// DropOthers removes the copies of those clients in some lists, for which a peer is responsible, that are not among theirs. Like DropUnlisted
// it leaves what is recent.
func (r *Registry) DropOthers(peer string, lists []List, theirs map[string]bool, grace time.Duration) []string {
	listed := maps.Clone(theirs)
	r.mu.RLock()
	wanted := map[model.Service]bool{}
	for _, list := range lists {
		if s := r.named(list.Name); s != nil {
			wanted[s.key] = true
		}
	}
	for id, c := range r.clients {
		for _, p := range c.published {
			listed[id] = listed[id] || !wanted[*p.service]
		}
	}
	r.mu.RUnlock()
	return r.DropUnlisted(peer, listed, func(string) bool { return true }, grace)
}

// ServiceSince is since when this node knows the service of a client's instance, where each instance has a client of its own; zero if
// there is no such client.
func (r *Registry) ServiceSince(clientID string) time.Time {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if c := r.clients[clientID]; c != nil {
		for _, p := range c.published {
			return r.services[*p.service].made
		}
	}
	return time.Time{}
}
