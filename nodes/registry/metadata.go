package registry

import (
	"encoding/json"
	"maps"
)

// ServiceMetadata is what operators set for a service (Nacos: ServiceMetadata).
type ServiceMetadata struct {
	// Ephemeral is the kind of the service that the metadata were written for.
	Ephemeral bool `json:"ephemeral"`
	// ProtectThreshold: when healthy instances are at most this share of all, a list shows all of them as healthy.
	ProtectThreshold float32           `json:"protect_threshold"`
	Selector         Selector          `json:"selector"`
	Extend           map[string]string `json:"extend,omitempty"`
	// Clusters holds the settings of the clusters that have any.
	Clusters map[string]ClusterMetadata `json:"clusters,omitempty"`
}

// Selector chooses which instances a consumer sees. Without a CMDB, as here, all kinds choose everything.
type Selector struct {
	// Type is "none", "label" or "unknown".
	Type string `json:"type"`
	// Expression of a label selector, and the labels found in it.
	Expression string   `json:"expression,omitempty"`
	Labels     []string `json:"labels,omitempty"`
}

// ClusterMetadata is what operators set for a cluster of a service (Nacos: ClusterMetadata).
type ClusterMetadata struct {
	CheckPort       int               `json:"check_port"`
	UseInstancePort bool              `json:"use_instance_port"`
	Checker         HealthChecker     `json:"checker"`
	Extend          map[string]string `json:"extend,omitempty"`
}

// HealthChecker says how instances of a cluster are probed.
type HealthChecker struct {
	// Type is "TCP", "HTTP", "MYSQL" or "NONE".
	Type string `json:"type"`
	// Settings are the checker's own fields, as they were given.
	Settings map[string]json.RawMessage `json:"settings,omitempty"`
}

// InstanceMetadata is what an operator wrote over an instance (Nacos: InstanceMetadata). It covers what the client published.
type InstanceMetadata struct {
	Weight  float64           `json:"weight"`
	Enabled bool              `json:"enabled"`
	Extend  map[string]string `json:"extend,omitempty"`
}

// NewServiceMetadata is what a service has whose operator set nothing.
func NewServiceMetadata(ephemeral bool) ServiceMetadata {
	return ServiceMetadata{Ephemeral: ephemeral, Selector: Selector{Type: "none"}}
}

// clone copies the maps, so that the copy can be changed.
func (m ServiceMetadata) clone() ServiceMetadata {
	clusters := make(map[string]ClusterMetadata, len(m.Clusters))
	for name, cluster := range m.Clusters {
		clusters[name] = cluster
	}
	m.Clusters = clusters
	return m
}

// equal compares operator metadata.
func (m InstanceMetadata) equal(n InstanceMetadata) bool {
	return m.Weight == n.Weight && m.Enabled == n.Enabled && maps.Equal(m.Extend, n.Extend)
}

// equal compares service metadata by what is written of them.
func (m ServiceMetadata) equal(n ServiceMetadata) bool {
	a, errA := json.Marshal(m)
	b, errB := json.Marshal(n)
	return errA == nil && errB == nil && string(a) == string(b)
}
