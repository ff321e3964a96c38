package registry

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"strconv"
	"strings"

	"muster/model"
)

// Published is one instance as its client published it, before operators' metadata (Nacos: InstancePublishInfo). Its Metadata
// must not be changed once it was handed to a Registry.
type Published struct {
	IP      string `json:"ip"`
	Port    int    `json:"port"`
	Cluster string `json:"cluster"`
	Healthy bool   `json:"healthy"`
	Enabled bool   `json:"enabled"`
	// Weight is 0 to 10000 where it came by registration; beats may bring anything.
	Weight float64 `json:"weight"`
	// InstanceID is what lists show as instanceId, for example "10.0.0.1#8080#DEFAULT#DEFAULT_GROUP@@orders".
	InstanceID string `json:"instance_id,omitempty"`
	// App is the application that the instance belongs to, as its registration said (Nacos 1.x).
	App string `json:"app,omitempty"`
	// Metadata may be nil, which Nacos 1.x shows as null.
	Metadata map[string]string `json:"metadata,omitzero"`
}

// ErrWeight refuses a weight that is no finite number: members could not tell each other of it, nor of whatever goes with it in one message.
var ErrWeight = errors.New("want a finite number as weight")

// checkWeights returns ErrWeight if an instance has such a one.
func checkWeights(instances ...Published) error {
	for i := range instances {
		if weight := instances[i].Weight; math.IsNaN(weight) || math.IsInf(weight, 0) {
			return fmt.Errorf("%w, not %v", ErrWeight, weight)
		}
	}
	return nil
}

// noMetadata is in place of all empty ones. Metadata are never changed.
var noMetadata = map[string]string{}

// owned is the instance with texts of its own. Those that it came with are often parts of a whole request, which would be kept with them.
func (p Published) owned() Published {
	p.InstanceID, p.App = strings.Clone(p.InstanceID), strings.Clone(p.App)
	if strings.HasPrefix(p.InstanceID, p.IP) { // as most ids do
		p.IP = p.InstanceID[:len(p.IP)]
	} else {
		p.IP = strings.Clone(p.IP)
	}
	if p.Cluster == model.DefaultCluster {
		p.Cluster = model.DefaultCluster // the constant
	} else {
		p.Cluster = strings.Clone(p.Cluster)
	}
	if p.Metadata != nil && len(p.Metadata) == 0 {
		p.Metadata = noMetadata
	}
	return p
}

// ClientID is the id of the client that publishes an instance over HTTP (Nacos: IpPortBasedClient.getClientId).
func ClientID(ip string, port int, ephemeral bool) string {
	return Tag(ip, port) + "#" + strconv.FormatBool(ephemeral)
}

// Tag is "ip:port", what decides which node is responsible for a client. An IPv6 address is not put in brackets: Nacos does not.
func Tag(ip string, port int) string { return ip + ":" + strconv.Itoa(port) }

// TagOf is the tag of a client: its id up to the '#'.
func TagOf(clientID string) string {
	tag, _, _ := strings.Cut(clientID, "#")
	return tag
}

// isEphemeralID says of what kind a client is (Nacos: ClientManagerDelegate: whatever does not end in "false" is ephemeral).
func isEphemeralID(clientID string) bool { return !strings.HasSuffix(clientID, "#false") }

// MetadataID is the key of an operator's metadata over an instance (Nacos: InstancePublishInfo.genMetadataId).
func MetadataID(ip string, port int, cluster string) string {
	return Tag(ip, port) + ":" + cluster
}

// metadataID is the key of the operator's metadata over this instance.
func (p Published) metadataID() string { return MetadataID(p.IP, p.Port, p.Cluster) }

// equal compares everything that a client published.
func (p Published) equal(q Published) bool {
	return p.IP == q.IP && p.Port == q.Port && p.Cluster == q.Cluster && p.Healthy == q.Healthy && p.Weight == q.Weight &&
		p.Enabled == q.Enabled && p.InstanceID == q.InstanceID && p.App == q.App && maps.Equal(p.Metadata, q.Metadata)
}

// Preserved metadata keys by which an instance sets its own times, in milliseconds (Nacos: PreservedMetadataKeys).
const (
	BeatIntervalKey  = "preserved.heart.beat.interval"
	BeatTimeoutKey   = "preserved.heart.beat.timeout"
	DeleteTimeoutKey = "preserved.ip.delete.timeout"
	IDGeneratorKey   = "preserved.instance.id.generator"
)

// compareServices orders services by namespace, group and name.
func compareServices(a, b model.Service) int {
	return cmp.Or(strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Group, b.Group), strings.Compare(a.Name, b.Name))
}
