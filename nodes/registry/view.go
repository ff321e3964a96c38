package registry

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"

	"muster/model"
)

// Host is one instance as a query shows it: what its client published, covered by operators' metadata (Nacos: Instance).
type Host struct {
	// Published is shared with the client's publication unless something covers it. It is never changed.
	*Published
	Ephemeral bool
}

// asHealthy is the host as a protected list shows it.
func (h *Host) asHealthy() *Host {
	shown := *h.Published
	shown.Healthy = true
	return &Host{&shown, h.Ephemeral}
}

// View is a service as queries show it. It is shared and never changed (Nacos: ServiceInfo, kept by ServiceStorage).
type View struct {
	Service model.Service
	// Hosts are all instances, disabled and unhealthy ones too, by address and cluster.
	Hosts []*Host
	// Clusters are those that have or had instances since the service is known, in order.
	Clusters []string
	// Known says whether there is such a service.
	Known bool

	encoding sync.Once
	encoded  []byte
}

// Encoded is what encode makes of the view's hosts. It is made when it is first asked for, and is then the same for all who ask: there
// is one way to write all hosts of a view. It must not be changed.
func (v *View) Encoded(encode func() []byte) []byte {
	v.encoding.Do(func() { v.encoded = encode() })
	return v.encoded
}

// View returns the service's instances as they were when its view was last computed: at most ViewDelay behind. An unknown service
// has none.
func (r *Registry) View(key model.Service) *View {
	r.mu.RLock()
	s := r.services[key]
	if s != nil && s.view != nil {
		defer r.mu.RUnlock()
		return s.view
	}
	r.mu.RUnlock()
	if s == nil {
		return &View{Service: key}
	}
	return r.FreshView(key)
}

// FreshView computes the view at once.
func (r *Registry) FreshView(key model.Service) *View {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.services[key]
	if s == nil {
		return &View{Service: key}
	}
	s.view = r.compute(s)
	return s.view
}

func (r *Registry) compute(s *service) *View {
	v := &View{Service: s.key, Hosts: make([]*Host, 0, len(s.publishers)), Clusters: slices.Sorted(maps.Keys(s.clusters)), Known: true}
	covers := r.instanceMetadata[s.key]
	var hosts []Host // together, which takes less memory than one by one
	for _, c := range s.publishers {
		publication := c.published.of(s.key)
		for i := range publication.count() {
			p := publication.at(i)
			if s.outlived(c, p) {
				continue
			}
			if cap(hosts) == len(hosts) {
				hosts = make([]Host, 0, max(len(s.publishers)-len(v.Hosts), publication.count()-i))
			}
			hosts = append(hosts, Host{p, c.ephemeral})
			h := &hosts[len(hosts)-1]
			if len(covers) > 0 {
				if cover, covered := covers[p.metadataID()]; covered {
					h.cover(cover)
				}
			}
			v.Hosts = append(v.Hosts, h)
		}
	}
	slices.SortFunc(v.Hosts, compareHosts)
	v.Hosts = slices.CompactFunc(v.Hosts, (*Host).equal)
	return v
}

// compareHosts is an order that is total but for hosts that are equal: those of two clients, one of them gone perhaps, are shown as one.
func compareHosts(a, b *Host) int {
	if order := cmp.Or(strings.Compare(a.IP, b.IP), cmp.Compare(a.Port, b.Port), strings.Compare(a.Cluster, b.Cluster)); order != 0 {
		return order // as with nearly all, whose metadata are not looked at
	}
	return cmp.Or(strings.Compare(a.InstanceID, b.InstanceID), cmp.Compare(a.Weight, b.Weight), compareBools(a.Healthy, b.Healthy),
		compareBools(a.Enabled, b.Enabled), compareBools(a.Ephemeral, b.Ephemeral), compareMaps(a.Metadata, b.Metadata))
}

// equal compares everything that is shown of a host.
func (h *Host) equal(other *Host) bool {
	return h.IP == other.IP && h.Port == other.Port && h.Cluster == other.Cluster && h.InstanceID == other.InstanceID &&
		h.Weight == other.Weight && h.Healthy == other.Healthy && h.Enabled == other.Enabled && h.Ephemeral == other.Ephemeral &&
		maps.Equal(h.Metadata, other.Metadata)
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// compareMaps orders maps by the smallest name that they do not agree on.
func compareMaps(a, b map[string]string) int {
	if maps.Equal(a, b) {
		return 0
	}
	names := slices.Sorted(maps.Keys(a))
	for _, name := range slices.Sorted(maps.Keys(b)) {
		if _, both := a[name]; !both {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		valueA, inA := a[name]
		valueB, inB := b[name]
		if order := cmp.Or(compareBools(inA, inB), strings.Compare(valueA, valueB)); order != 0 {
			return order
		}
	}
	return 0
}

// cover lays an operator's metadata over a host (Nacos: InstanceUtil.updateInstanceMetadata).
func (h *Host) cover(metadata InstanceMetadata) {
	covered := *h.Published
	h.Published = &covered
	h.Weight, h.Enabled = metadata.Weight, metadata.Enabled
	if len(metadata.Extend) == 0 {
		return
	}
	joined := make(map[string]string, len(h.Metadata)+len(metadata.Extend))
	for name, value := range h.Metadata {
		joined[name] = value
	}
	for name, value := range metadata.Extend {
		joined[name] = value
	}
	h.Metadata = joined
}

// Selection says which hosts of a view a query wants.
type Selection struct {
	// Clusters, separated by commas; blank: all.
	Clusters string
	// HealthyOnly leaves unhealthy hosts out.
	HealthyOnly bool
}

// Select returns the enabled hosts of a view that a query wants. Where operators set metadata for the service and at most their
// protect threshold of these hosts is healthy, all are shown as healthy, and protected is true: better some that may not answer
// than an overload of the few that would (Nacos: ServiceUtil.selectInstancesWithHealthyProtection).
func (v *View) Select(want Selection, metadata *ServiceMetadata) (hosts []*Host, protected bool) {
	clusters := wantedClusters(want.Clusters)
	hosts = make([]*Host, 0, len(v.Hosts))
	healthy := 0
	for _, h := range v.Hosts {
		if !h.Enabled || want.HealthyOnly && !h.Healthy || clusters != nil && !slices.Contains(clusters, h.Cluster) {
			continue
		}
		if h.Healthy {
			healthy++
		}
		hosts = append(hosts, h)
	}
	if metadata == nil || !Protects(healthy, len(hosts), metadata.ProtectThreshold) {
		return hosts, false
	}
	for i, h := range hosts {
		if !h.Healthy {
			hosts[i] = h.asHealthy()
		}
	}
	return hosts, true
}

// Protects says whether so few of all instances are healthy that a list shows all as healthy. Nobody protects an empty list.
func Protects(healthy, all int, threshold float32) bool {
	return all > 0 && float32(healthy)/float32(all) <= max(threshold, 0)
}

// Find returns the host at an address, in a cluster. ok is false if there is none.
func (v *View) Find(ip string, port int, cluster string) (host *Host, ok bool) {
	for _, h := range v.Hosts {
		if h.IP == ip && h.Port == port && h.Cluster == cluster {
			return h, true
		}
	}
	return nil, false
}
