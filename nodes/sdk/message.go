package sdk

import (
	"encoding/json"

	"muster/model"
	"muster/nodes/jackson"
	"muster/nodes/registry"
	"muster/nodes/rpc"
)

// named is what every naming request says: which service it is about (Nacos: AbstractNamingRequest). Fields are nil where the client
// left them out.
type named struct {
	Namespace *string `json:"namespace"`
	Service   *string `json:"serviceName"`
	Group     *string `json:"groupName"`
}

// key is the service; what is missing of it is empty.
func (n named) key() model.Service {
	return model.Service{Namespace: text(n.Namespace), Group: text(n.Group), Name: text(n.Service)}
}

func text(value *string) string {
	if value == nil {
		return ""
	}
	return *value
}

// The kinds of registrations (Nacos: NamingRemoteConstants).
const (
	registerInstance   = "registerInstance"
	deregisterInstance = "deregisterInstance"
	batchRegister      = "batchRegisterInstance"
)

// InstanceRequest registers or deregisters an ephemeral instance of the caller's.
type InstanceRequest struct {
	named
	Type     *string   `json:"type"`
	Instance *instance `json:"instance"`
}

// PersistentInstanceRequest does so with a persistent instance, which is nobody's.
type PersistentInstanceRequest InstanceRequest

// InstanceResponse answers both.
type InstanceResponse struct {
	rpc.Result
	Type string `json:"type,omitempty"`
}

// BatchInstanceRequest registers all of the caller's instances of a service.
type BatchInstanceRequest struct {
	named
	Type      *string    `json:"type"`
	Instances []instance `json:"instances"`
}

// BatchInstanceResponse answers it.
type BatchInstanceResponse struct {
	rpc.Result
	Type string `json:"type,omitempty"`
}

// ServiceQueryRequest asks for the instances of a service.
type ServiceQueryRequest struct {
	named
	Cluster     *string      `json:"cluster"`
	HealthyOnly jackson.Bool `json:"healthyOnly"`
	// Read is the mode that the query is to be answered in. Nacos does not know it and answers from the node's memory, which is
	// also what happens here without it.
	Read model.ReadMode `json:"read"`
}

// QueryServiceResponse answers it.
type QueryServiceResponse struct {
	rpc.Result
	ServiceInfo json.RawMessage `json:"-"`
}

// Attachment is the list.
func (r QueryServiceResponse) Attachment() (string, json.RawMessage) {
	return "serviceInfo", r.ServiceInfo
}

// ServiceListRequest asks for the names of the services of a group.
type ServiceListRequest struct {
	named
	Page jackson.Int `json:"pageNo"`
	Size jackson.Int `json:"pageSize"`
}

// ServiceListResponse answers it.
type ServiceListResponse struct {
	rpc.Result
	Count int      `json:"count"`
	Names []string `json:"serviceNames,omitzero"`
}

// SubscribeServiceRequest subscribes a service, or ends the subscription.
type SubscribeServiceRequest struct {
	named
	Subscribe jackson.Bool `json:"subscribe"`
	Clusters  *string      `json:"clusters"`
}

// SubscribeServiceResponse answers it with the service as it is.
type SubscribeServiceResponse struct {
	rpc.Result
	ServiceInfo json.RawMessage `json:"-"`
}

// Attachment is the list.
func (r SubscribeServiceResponse) Attachment() (string, json.RawMessage) {
	return "serviceInfo", r.ServiceInfo
}

// instance is one as SDKs send it (Nacos: pojo/Instance). Whether it says to be ephemeral is not looked at: the kind of request decides.
type instance struct {
	ID       string         `json:"instanceId"`
	IP       *string        `json:"ip"`
	Port     jackson.Int    `json:"port"`
	Weight   jackson.Double `json:"weight"`
	Healthy  jackson.Bool   `json:"healthy"`
	Enabled  jackson.Bool   `json:"enabled"`
	Cluster  *string        `json:"clusterName"`
	Metadata jackson.Texts  `json:"metadata"`
}

// UnmarshalJSON reads an instance; what it does not say has Nacos's default.
func (i *instance) UnmarshalJSON(body []byte) error {
	type plain instance
	read := plain{Weight: 1, Healthy: true, Enabled: true}
	if err := json.Unmarshal(body, &read); err != nil {
		return err
	}
	*i = instance(read)
	return nil
}

// published is the instance as the registry has it. An id is made from the cluster as it was sent, before it gets its default.
func (i instance) published(id string) registry.Published {
	p := registry.Published{IP: text(i.IP), Port: int(i.Port), Cluster: text(i.Cluster), Healthy: bool(i.Healthy), Weight: float64(i.Weight),
		Enabled: bool(i.Enabled), InstanceID: id, Metadata: i.Metadata}
	if p.Cluster == "" {
		p.Cluster = model.DefaultCluster
	}
	return p
}
