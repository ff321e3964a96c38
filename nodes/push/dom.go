package push

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"muster/nodes/jackson"
	"muster/nodes/registry"
)

// Dom is a service as Nacos 1.x lists it, the whole of it or of some clusters (Nacos 1.x: InstanceController.doSrvIpxt).
type Dom struct {
	registry.Selection
	// Env is shown as it was given.
	Env string
	// Grouped shows names with their groups (KnowsGroups).
	Grouped bool
	// CacheMillis is for how long the client need not ask again.
	CacheMillis int64
}

// JSON writes it. By hand, as ServiceInfo is.
func (d Dom) JSON(state *registry.Registry, view *registry.View) json.RawMessage {
	grouped := view.Service.GroupedName()
	if !view.Known {
		b := jackson.AppendText([]byte(`{"name":`), grouped)
		b = jackson.AppendText(append(b, `,"clusters":`...), d.Clusters)
		b = strconv.AppendInt(append(b, `,"cacheMillis":`...), d.CacheMillis, 10)
		return append(b, `,"hosts":[]}`...)
	}
	metadata := registry.NewServiceMetadata(true)
	if set := state.ServiceMetadata(view.Service); set != nil {
		metadata = *set
	}
	shown := view.Service.Name
	if d.Grouped {
		shown = grouped
	}
	hosts := view.SelectList(d.Selection, metadata.ProtectThreshold)
	b := append(make([]byte, 0, 256+300*len(hosts)), `{"hosts":[`...)
	for i, h := range hosts {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendDomHost(b, shown, h)
	}
	b = jackson.AppendText(append(b, `],"dom":`...), shown)
	b = jackson.AppendText(append(b, `,"name":`...), grouped)
	b = strconv.AppendInt(append(b, `,"cacheMillis":`...), d.CacheMillis, 10)
	b = strconv.AppendInt(append(b, `,"lastRefTime":`...), time.Now().UnixMilli(), 10)
	b = append(append(b, `,"checksum":"`...), Checksum(view, metadata)...)
	b = jackson.AppendText(append(b, `","useSpecifiedURL":false,"clusters":`...), d.Clusters)
	b = jackson.AppendText(append(b, `,"env":`...), d.Env)
	b = jackson.AppendMap(append(b, `,"metadata":`...), metadata.Extend)
	return append(b, '}')
}

func appendDomHost(b []byte, service string, h *registry.Host) []byte {
	b = jackson.AppendText(append(b, `{"ip":`...), h.IP)
	b = strconv.AppendInt(append(b, `,"port":`...), int64(h.Port), 10)
	b = strconv.AppendBool(append(b, `,"valid":`...), h.Healthy)
	b = strconv.AppendBool(append(b, `,"healthy":`...), h.Healthy)
	b = jackson.AppendText(append(b, `,"marked":false,"instanceId":`...), h.InstanceID)
	b = append(b, `,"metadata":`...)
	if h.Metadata == nil { // of a beat without any
		b = append(b, "null"...)
	} else {
		b = jackson.AppendMap(b, h.Metadata)
	}
	b = strconv.AppendBool(append(b, `,"enabled":`...), h.Enabled)
	b = jackson.AppendDouble(append(b, `,"weight":`...), h.Weight)
	b = jackson.AppendText(append(b, `,"clusterName":`...), h.Cluster)
	b = jackson.AppendText(append(b, `,"serviceName":`...), service)
	return append(strconv.AppendBool(append(b, `,"ephemeral":`...), h.Ephemeral), '}')
}

// Checksum of a service's settings and instances, the same at every node for the same content, and for the same content as Nacos 1.x's
// (core/Service.recalculateChecksum; the settings come in the order of a Java HashMap).
func Checksum(view *registry.View, metadata registry.ServiceMetadata) string {
	unhealthy := 0
	for _, h := range view.Hosts {
		if !h.Healthy {
			unhealthy++
		}
	}
	b := strconv.AppendInt([]byte(`{"invalidIPCount":`), int64(unhealthy), 10)
	b = jackson.AppendText(append(b, `,"name":`...), view.Service.GroupedName())
	b = strconv.AppendInt(append(b, `,"ipCount":`...), int64(len(view.Hosts)), 10)
	b = jackson.AppendFloat(append(b, `,"owners":[],"protectThreshold":`...), metadata.ProtectThreshold)
	b = append(b, `,"clusters":[`...)
	for i, name := range registry.ClusterNames(view.Clusters, metadata) {
		if i > 0 {
			b = append(b, ',')
		}
		port, useInstancePort := int64(80), true
		if set, known := metadata.Clusters[name]; known {
			port, useInstancePort = int64(set.CheckPort), set.UseInstancePort
		}
		b = strconv.AppendInt(append(b, `{"healthChecker":{},"defIPPort":80,"defCkport":`...), port, 10)
		b = jackson.AppendText(append(b, `,"name":`...), name)
		b = append(strconv.AppendBool(append(b, `,"useIPPort4Check":`...), useInstancePort), `,"sitegroup":""}`...)
	}
	b = append(b, `]}`...)
	for _, h := range view.Hosts {
		b = append(append(b, h.IP...), ':')
		b = append(strconv.AppendInt(b, int64(h.Port), 10), '_')
		b = append(jackson.AppendDouble(b, h.Weight), '_')
		b = append(append(append(strconv.AppendBool(b, h.Healthy), '_'), h.Cluster...), ',')
	}
	sum := md5.Sum(b)
	return hex.EncodeToString(sum[:])
}

// UDPList is the Format of Nacos 1.x.
func UDPList(state *registry.Registry) Format {
	return func(view *registry.View, subscriber registry.Subscriber) json.RawMessage {
		dom := Dom{Grouped: KnowsGroups(subscriber.Agent), CacheMillis: state.Switches().DefaultPushCacheMillis}
		if subscriber.Clusters != nil {
			dom.Clusters = strings.TrimSpace(*subscriber.Clusters)
		}
		return dom.JSON(state, view)
	}
}
