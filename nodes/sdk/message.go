package sdk

import (
	"fmt"

	"muster/model"
	"muster/nodes/jackson"
	"muster/nodes/push"
	"muster/nodes/registry"
	"muster/nodes/rpc"
)

// named is what every naming request says: which service it is about (Nacos: AbstractNamingRequest). Fields are nil where the client
// left them out.
type named struct {
	rpc.Request
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

// Bound refuses far more instances than a batch may hold: three bytes make one, which takes a hundred times as many when it is read.
func (r *BatchInstanceRequest) Bound(body []byte) error {
	const perInstance = 4 // the instance, its metadata, and what else somebody may send along
	if count := objects(body); count > perInstance*maxBatch {
		return invalid(fmt.Sprintf("%d objects: want at most %d instances in a batch", count, maxBatch))
	}
	return nil
}

// objects counts the objects that a JSON text holds.
func objects(text []byte) (count int) {
	inText := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			inText = !inText
		case inText && c == '\\':
			i++
		case !inText && c == '{':
			count++
		}
	}
	return count
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
	// UDPPort must be that of a port, and has no meaning over a connection.
	UDPPort jackson.Int `json:"udpPort"`
	// Read is the mode that the query is to be answered in. Nacos does not know it and answers from the node's memory, which is
	// also what happens here without it.
	Read model.ReadMode `json:"read"`
}

// QueryServiceResponse answers it.
type QueryServiceResponse struct {
	rpc.Result
	*push.Shown `json:"-"`
}

// ServiceListRequest asks for the names of the services of a group.
type ServiceListRequest struct {
	named
	Page jackson.Int `json:"pageNo"`
	Size jackson.Int `json:"pageSize"`
	// Selector must be a text, and has no meaning (Nacos: ServiceListRequestHandler).
	Selector string `json:"selector"`
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
	*push.Shown `json:"-"`
}

// instance is one as SDKs send it (Nacos: pojo/Instance). Whether it says to be ephemeral is not looked at: the kind of request decides.
type instance struct {
	ID       string        `json:"instanceId"`
	IP       *string       `json:"ip"`
	Port     jackson.Int   `json:"port"`
	Weight   weight        `json:"weight"`
	Healthy  flag          `json:"healthy"`
	Enabled  flag          `json:"enabled"`
	Cluster  *string       `json:"clusterName"`
	Metadata jackson.Texts `json:"metadata"`
	// Service is looked at in the instance's id alone. In a batch it must be a bare name.
	Service *string `json:"serviceName"`
	// Ephemeral must be a boolean.
	Ephemeral jackson.Bool `json:"ephemeral"`
}

// weight is 1 where an instance does not say any; null is 0.
type weight struct {
	jackson.Double
	given bool
}

// UnmarshalJSON reads it.
func (w *weight) UnmarshalJSON(text []byte) error {
	w.given = true
	return w.Double.UnmarshalJSON(text)
}

// value is the weight, or the default.
func (w weight) value() float64 {
	if !w.given {
		return 1
	}
	return float64(w.Double)
}

// flag is true where an instance does not say anything; null is false.
type flag struct {
	jackson.Bool
	given bool
}

// UnmarshalJSON reads it.
func (f *flag) UnmarshalJSON(text []byte) error {
	f.given = true
	return f.Bool.UnmarshalJSON(text)
}

// value is the flag, or the default.
func (f flag) value() bool { return bool(f.Bool) || !f.given }

// published is the instance as the registry has it. An id is made from the cluster as it was sent, before it gets its default.
func (i instance) published(id string) registry.Published {
	p := registry.Published{IP: text(i.IP), Port: int(i.Port), Cluster: text(i.Cluster), Healthy: i.Healthy.value(), Weight: i.Weight.value(),
		Enabled: i.Enabled.value(), InstanceID: id, Metadata: i.Metadata}
	if p.Cluster == "" {
		p.Cluster = model.DefaultCluster
	}
	return p
}

var _, _ rpc.Attached = QueryServiceResponse{}, SubscribeServiceResponse{}
