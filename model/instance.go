package model

import (
	"net"
	"strconv"
)

// Instance is one provider of a service, as a client registers it and as a list shows it.
type Instance struct {
	IP        string            `json:"ip"`
	Port      int               `json:"port"`
	Cluster   string            `json:"cluster"`
	Weight    float64           `json:"weight"`
	Healthy   bool              `json:"healthy"`
	Enabled   bool              `json:"enabled"`
	Ephemeral bool              `json:"ephemeral"`
	Metadata  map[string]string `json:"metadata,omitempty"`
}

// InstanceKey is what makes two registrations the same instance of a service: address and cluster.
type InstanceKey struct {
	IP      string
	Port    int
	Cluster string
}

// Key returns the instance's identity within its service.
func (i Instance) Key() InstanceKey { return InstanceKey{IP: i.IP, Port: i.Port, Cluster: i.Cluster} }

// Address is "ip:port".
func (i Instance) Address() string { return net.JoinHostPort(i.IP, strconv.Itoa(i.Port)) }

// String is "ip:port#cluster".
func (k InstanceKey) String() string {
	return net.JoinHostPort(k.IP, strconv.Itoa(k.Port)) + "#" + k.Cluster
}
