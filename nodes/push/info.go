package push

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"muster/model"
	"muster/nodes/jackson"
	"muster/nodes/registry"
)

// ServiceInfo is a service as SDKs get it (Nacos: pojo/ServiceInfo). Fields that are nil are not shown.
type ServiceInfo struct {
	Name, Group *string
	// Clusters, separated by commas, chooses instances; blank or nil: all.
	Clusters *string
	// HealthyOnly leaves unhealthy instances out.
	HealthyOnly bool
}

// JSON writes it.
func (s ServiceInfo) JSON(state *registry.Registry, view *registry.View) json.RawMessage {
	return s.Append(nil, state, view)
}

// Append writes it behind what is there. It is encoded by hand: this is most of what a node sends, and reflection costs a guest ten times
// as much.
func (s ServiceInfo) Append(b []byte, state *registry.Registry, view *registry.View) []byte {
	want := registry.Selection{HealthyOnly: s.HealthyOnly}
	if s.Clusters != nil {
		want.Clusters = *s.Clusters
	}
	hosts, protected := view.Select(want, state.ServiceMetadata(view.Service))
	b = append(slices.Grow(b, sizeOf(len(hosts))), '{')
	b = appendField(b, `"name":`, s.Name)
	b = appendField(b, `"groupName":`, s.Group)
	b = appendField(b, `"clusters":`, s.Clusters)
	b = strconv.AppendInt(append(b, `"cacheMillis":`...), state.Switches().DefaultPushCacheMillis, 10)
	b = append(b, `,"hosts":`...)
	if len(hosts) == len(view.Hosts) && !protected {
		b = append(b, view.Encoded(func() []byte { return AppendHosts(nil, view.Service, view.Hosts) })...)
	} else {
		b = AppendHosts(b, view.Service, hosts)
	}
	b = strconv.AppendInt(append(b, `,"lastRefTime":`...), time.Now().UnixMilli(), 10)
	b = append(b, `,"checksum":"","allIPs":false,"reachProtectionThreshold":`...)
	b = strconv.AppendBool(b, protected)
	return append(b, `,"valid":true}`...)
}

// Attached has a message end with the service (see rpc.Attached). It is written when the message is.
func (s ServiceInfo) Attached(state *registry.Registry, view *registry.View) *Shown {
	return &Shown{s, state, view}
}

// Shown is a service at the end of a message.
type Shown struct {
	info  ServiceInfo
	state *registry.Registry
	view  *registry.View
}

// Attachment is the field with the service; nobody writes it if there is none.
func (a *Shown) Attachment() (field string, size int, write func([]byte) []byte) {
	if a == nil {
		return "", 0, nil
	}
	return "serviceInfo", sizeOf(len(a.view.Hosts)), func(b []byte) []byte { return a.info.Append(b, a.state, a.view) }
}

// sizeOf is about how long a service of so many instances is.
func sizeOf(hosts int) int { return 384 + 360*hosts }

// UDP is the Format of Nacos 2.x.
func UDP(state *registry.Registry) Format {
	return func(view *registry.View, subscriber registry.Subscriber) json.RawMessage {
		grouped := view.Service.GroupedName()
		return ServiceInfo{Name: &grouped, Clusters: subscriber.Clusters}.JSON(state, view)
	}
}

func appendField(b []byte, name string, value *string) []byte {
	if value == nil {
		return b
	}
	return append(jackson.AppendText(append(b, name...), *value), ',')
}

// The times of an instance that sets none, in ms.
const (
	defaultBeatInterval  = 5000
	defaultBeatTimeout   = 15000
	defaultDeleteTimeout = 30000
)

// AppendHosts writes instances of a service as a JSON array.
func AppendHosts(b []byte, service model.Service, hosts []*registry.Host) []byte {
	grouped := service.GroupedName()
	b = append(b, '[')
	for i, h := range hosts {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendHost(b, grouped, h)
	}
	return append(b, ']')
}

// noAddress begins the id that was made of an instance whose client left the address out: there is no field for it then.
const noAddress = "null#"

// appendHost writes an instance (Nacos: pojo/Instance).
func appendHost(b []byte, grouped string, h *registry.Host) []byte {
	b = append(b, '{')
	if h.InstanceID != "" {
		b = append(jackson.AppendText(append(b, `"instanceId":`...), h.InstanceID), ',')
	}
	if h.IP != "" || !strings.HasPrefix(h.InstanceID, noAddress) {
		b = append(jackson.AppendText(append(b, `"ip":`...), h.IP), ',')
	}
	b = strconv.AppendInt(append(b, `"port":`...), int64(h.Port), 10)
	b = jackson.AppendDouble(append(b, `,"weight":`...), h.Weight)
	b = strconv.AppendBool(append(b, `,"healthy":`...), h.Healthy)
	b = strconv.AppendBool(append(b, `,"enabled":`...), h.Enabled)
	b = strconv.AppendBool(append(b, `,"ephemeral":`...), h.Ephemeral)
	b = jackson.AppendText(append(b, `,"clusterName":`...), h.Cluster)
	b = jackson.AppendText(append(b, `,"serviceName":`...), grouped)
	b = jackson.AppendMap(append(b, `,"metadata":`...), h.Metadata)
	b = strconv.AppendInt(append(b, `,"instanceHeartBeatInterval":`...), Millis(h.Metadata, registry.BeatIntervalKey), 10)
	b = strconv.AppendInt(append(b, `,"instanceHeartBeatTimeOut":`...), Millis(h.Metadata, registry.BeatTimeoutKey), 10)
	b = strconv.AppendInt(append(b, `,"ipDeleteTimeout":`...), Millis(h.Metadata, registry.DeleteTimeoutKey), 10)
	generator := h.Metadata[registry.IDGeneratorKey]
	if len(h.Metadata) == 0 {
		generator = "simple"
	}
	if generator != "" {
		b = jackson.AppendText(append(b, `,"instanceIdGenerator":`...), generator)
	}
	return append(b, '}')
}

// Millis is one of an instance's times in its metadata, in ms; Nacos's default where it is absent or not of digits alone.
func Millis(metadata map[string]string, key string) int64 {
	if text := metadata[key]; text != "" { // else the failure to parse it would cost more than all the rest
		if n, err := strconv.ParseUint(text, 10, 63); err == nil {
			return int64(n)
		}
	}
	switch key {
	case registry.BeatIntervalKey:
		return defaultBeatInterval
	case registry.BeatTimeoutKey:
		return defaultBeatTimeout
	}
	return defaultDeleteTimeout
}
