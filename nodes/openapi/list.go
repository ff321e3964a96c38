package openapi

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"muster/model"
	"muster/nodes/registry"
)

// list is GET /instance/list. An unknown service has no hosts.
func (s *Server) list(r *request) (answer, *failure) {
	service, failed := r.service()
	if failed != nil {
		return nil, failed
	}
	port, err := parseJavaInt(r.optional("udpPort", "0"))
	if err != nil {
		return nil, plain(http.StatusBadRequest, err.Error())
	}
	s.subscribe(r, service, r.optional("clientIP", ""), port, r.optional("clusters", ""))
	view, failed := s.view(r, service)
	if failed != nil {
		return nil, failed
	}
	want := registry.Selection{Clusters: r.optional("clusters", ""), HealthyOnly: equalsTrue(r.optional("healthyOnly", "false"))}
	return rawJSON(s.encodeList(service, view, want)), nil
}

// encodeList writes what a query wants of a view (Nacos: ServiceInfo). By hand: this is what clients ask for most, and reflection
// costs a guest ten times as much.
func (s *Server) encodeList(service model.Service, view *registry.View, want registry.Selection) []byte {
	hosts, protected := view.Select(want, s.options.Registry.ServiceMetadata(service))
	b := make([]byte, 0, 256+400*len(hosts))
	b = appendText(append(b, `{"name":`...), service.GroupedName())
	b = appendText(append(b, `,"groupName":`...), service.Group)
	b = appendText(append(b, `,"clusters":`...), want.Clusters)
	b = strconv.AppendInt(append(b, `,"cacheMillis":`...), s.options.Registry.Switches().DefaultPushCacheMillis, 10)
	b = append(b, `,"hosts":`...)
	b = appendHosts(b, service, hosts)
	b = strconv.AppendInt(append(b, `,"lastRefTime":`...), time.Now().UnixMilli(), 10)
	b = append(b, `,"checksum":"","allIPs":false,"reachProtectionThreshold":`...)
	b = strconv.AppendBool(b, protected)
	return append(b, `,"valid":true}`...)
}

// equalsTrue is Java's Boolean.parseBoolean.
func equalsTrue(text string) bool { return len(text) == 4 && word(text) }

// appendHosts writes instances as a JSON array (Nacos: pojo/Instance).
func appendHosts(b []byte, service model.Service, hosts []*registry.Host) []byte {
	grouped := service.GroupedName()
	b = append(b, '[')
	for i, h := range hosts {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '{')
		if h.InstanceID != "" {
			b = append(appendText(append(b, `"instanceId":`...), h.InstanceID), ',')
		}
		b = appendText(append(b, `"ip":`...), h.IP)
		b = strconv.AppendInt(append(b, `,"port":`...), int64(h.Port), 10)
		b = appendDouble(append(b, `,"weight":`...), h.Weight, 64)
		b = strconv.AppendBool(append(b, `,"healthy":`...), h.Healthy)
		b = strconv.AppendBool(append(b, `,"enabled":`...), h.Enabled)
		b = strconv.AppendBool(append(b, `,"ephemeral":`...), h.Ephemeral)
		b = appendText(append(b, `,"clusterName":`...), h.Cluster)
		b = appendText(append(b, `,"serviceName":`...), grouped)
		b = appendMap(append(b, `,"metadata":`...), h.Metadata)
		b = strconv.AppendInt(append(b, `,"instanceHeartBeatInterval":`...), millis(h.Metadata, registry.BeatIntervalKey, defaultBeatInterval), 10)
		b = strconv.AppendInt(append(b, `,"instanceHeartBeatTimeOut":`...), millis(h.Metadata, registry.BeatTimeoutKey, defaultBeatTimeout), 10)
		b = strconv.AppendInt(append(b, `,"ipDeleteTimeout":`...), millis(h.Metadata, registry.DeleteTimeoutKey, defaultDeleteTimeout), 10)
		if generator := generatorOf(h.Metadata); generator != "" {
			b = appendText(append(b, `,"instanceIdGenerator":`...), generator)
		}
		b = append(b, '}')
	}
	return append(b, ']')
}

// generatorOf is the id generator as an instance shows it: "simple" without metadata, none with metadata that name none.
func generatorOf(metadata map[string]string) string {
	if len(metadata) == 0 {
		return "simple"
	}
	return metadata[registry.IDGeneratorKey]
}

// appendMap writes a map as a JSON object, keys in order.
func appendMap(b []byte, m map[string]string) []byte {
	if len(m) == 0 {
		return append(b, '{', '}')
	}
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, name := range names {
		separator := byte(',')
		if i == 0 {
			separator = '{'
		}
		b = append(appendText(append(b, separator), name), ':')
		b = appendText(b, m[name])
	}
	return append(b, '}')
}

// appendText writes a text as JSON.
func appendText(b []byte, text string) []byte {
	for i := 0; i < len(text); i++ {
		if c := text[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			encoded, err := json.Marshal(text)
			if err != nil { // no text fails to encode
				return append(b, `""`...)
			}
			return append(b, encoded...)
		}
	}
	return append(append(append(b, '"'), text...), '"')
}

// statuses is GET /instance/statuses: address and true health of a service's instances. The key is namespace##group@@name.
func (s *Server) statuses(r *request) (answer, *failure) {
	key, failed := r.bound("key")
	if failed != nil {
		return nil, failed
	}
	return s.statusesOf(r, key)
}

func (s *Server) statusesOf(r *request, key string) (answer, *failure) {
	namespace, name := model.DefaultNamespace, key
	if parts := splitJava(key, "##"); len(parts) > 1 {
		namespace, name = parts[0], parts[1]
	} else if len(parts[0]) < len(key) { // nothing behind the ##
		return nil, plain(http.StatusInternalServerError, "caused: Index 1 out of bounds for length 1;")
	}
	service, failed := r.grouped(name)
	if failed != nil {
		return nil, failed
	}
	service.Namespace = namespace
	ips := []string{}
	for _, h := range s.options.Registry.View(service).Hosts {
		ips = append(ips, registry.Tag(h.IP, h.Port)+"_"+strconv.FormatBool(h.Healthy))
	}
	return struct {
		IPs []string `json:"ips"`
	}{ips}, nil
}
