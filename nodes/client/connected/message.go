package connected

import (
	"encoding/json"

	"muster/model"
	"muster/nodes/rpc"
)

// module that all of these requests belong to, and the kinds of registrations (Nacos: NamingRemoteConstants).
const (
	module             = "naming"
	registerInstance   = "registerInstance"
	deregisterInstance = "deregisterInstance"
	batchRegister      = "batchRegisterInstance"
)

// named is what every naming request says (Nacos: AbstractNamingRequest).
type named struct {
	Module    string `json:"module"`
	Namespace string `json:"namespace"`
	Service   string `json:"serviceName"`
	Group     string `json:"groupName"`
}

func name(service model.Service) named {
	return named{module, service.Namespace, service.Name, service.Group}
}

// instance is one as SDKs send it (Nacos: pojo/Instance).
type instance struct {
	IP        string            `json:"ip"`
	Port      int               `json:"port"`
	Weight    float64           `json:"weight"`
	Healthy   bool              `json:"healthy"`
	Enabled   bool              `json:"enabled"`
	Ephemeral bool              `json:"ephemeral"`
	Cluster   string            `json:"clusterName"`
	Service   string            `json:"serviceName"`
	Metadata  map[string]string `json:"metadata"`
}

func describe(service model.Service, i model.Instance) instance {
	described := instance{
		IP: i.IP, Port: i.Port, Weight: i.Weight, Healthy: i.Healthy, Enabled: i.Enabled, Ephemeral: i.Ephemeral,
		Cluster: i.Cluster, Service: service.GroupedName(), Metadata: i.Metadata,
	}
	if described.Cluster == "" {
		described.Cluster = model.DefaultCluster
	}
	if described.Metadata == nil {
		described.Metadata = map[string]string{}
	}
	return described
}

// InstanceRequest registers or deregisters an ephemeral instance. The names of these types are those of the wire.
type InstanceRequest struct {
	named
	Type     string   `json:"type"`
	Instance instance `json:"instance"`
}

// PersistentInstanceRequest does so with a persistent instance.
type PersistentInstanceRequest InstanceRequest

// InstanceResponse answers both.
type InstanceResponse struct{ rpc.Result }

// BatchInstanceRequest registers all instances of a service that are the client's.
type BatchInstanceRequest struct {
	named
	Type      string     `json:"type"`
	Instances []instance `json:"instances"`
}

// BatchInstanceResponse answers it.
type BatchInstanceResponse struct{ rpc.Result }

// ServiceQueryRequest asks for the instances of a service.
type ServiceQueryRequest struct {
	named
	Cluster     string `json:"cluster"`
	HealthyOnly bool   `json:"healthyOnly"`
	UDPPort     int    `json:"udpPort"`
	// Read is the read mode; a node that does not know it, as Nacos's, answers as for model.ReadLocal.
	Read model.ReadMode `json:"read,omitempty"`
}

// QueryServiceResponse answers it.
type QueryServiceResponse struct {
	rpc.Result
	ServiceInfo json.RawMessage `json:"serviceInfo"`
}

// ServiceListRequest asks for the names of the services of a group.
type ServiceListRequest struct {
	named
	Page int `json:"pageNo"`
	Size int `json:"pageSize"`
}

// ServiceListResponse answers it.
type ServiceListResponse struct {
	rpc.Result
	Count int      `json:"count"`
	Names []string `json:"serviceNames"`
}

// SubscribeServiceRequest subscribes a service, or ends the subscription.
type SubscribeServiceRequest struct {
	named
	Subscribe bool   `json:"subscribe"`
	Clusters  string `json:"clusters"`
}

// SubscribeServiceResponse answers it.
type SubscribeServiceResponse struct {
	rpc.Result
	ServiceInfo json.RawMessage `json:"serviceInfo"`
}

// ClientDetectionResponse says that the client is there.
type ClientDetectionResponse struct{ rpc.Result }

// ConnectResetResponse says that the client will go elsewhere.
type ConnectResetResponse struct{ rpc.Result }

// NotifySubscriberResponse acknowledges a push.
type NotifySubscriberResponse struct{ rpc.Result }
