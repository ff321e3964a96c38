package openapi

import (
	"net/http"
	"strings"

	"muster/nodes/registry"
)

// clientNamed is the client that a white-box probe asks for.
func (s *Server) clientNamed(r *request) (registry.ClientInfo, *failure) {
	p := r.parameters()
	id := p.text("clientId")
	if p.failed != nil {
		return registry.ClientInfo{}, p.failed
	}
	info, known := s.options.Registry.Client(id)
	if !known {
		return info, plain(http.StatusNotFound, "clientId [ "+id+" ] not exist").as(codeUnknown)
	}
	return info, nil
}

// clientList is GET /v2/ns/client/list: the ids of all clients that this node knows, its own and its peers'.
func (s *Server) clientList(*request) (answer, *failure) {
	return success(append([]string{}, s.options.Registry.Clients()...)), nil
}

// clientDetail is GET /v2/ns/client.
func (s *Server) clientDetail(r *request) (answer, *failure) {
	info, failed := s.clientNamed(r)
	if failed != nil {
		return nil, failed
	}
	address := registry.TagOf(info.ID)
	colon := max(strings.LastIndexByte(address, ':'), 0)
	return success(struct {
		ID        string `json:"clientId"`
		Ephemeral bool   `json:"ephemeral"`
		Updated   int64  `json:"lastUpdatedTime"`
		Type      string `json:"clientType"`
		IP        string `json:"clientIp"`
		Port      string `json:"clientPort"`
	}{info.ID, info.Ephemeral, info.Updated.UnixMilli(), "ipPort", address[:colon], strings.TrimPrefix(address[colon:], ":")}), nil
}

// addressJSON is an instance as probes show it.
type addressJSON struct {
	IP      string `json:"ip"`
	Port    int    `json:"port"`
	Cluster string `json:"cluster"`
}

// published is GET /v2/ns/client/publish/list: what a client publishes.
func (s *Server) published(r *request) (answer, *failure) {
	info, failed := s.clientNamed(r)
	if failed != nil {
		return nil, failed
	}
	type line struct {
		Namespace string      `json:"namespace"`
		Group     string      `json:"group"`
		Name      string      `json:"serviceName"`
		Instance  addressJSON `json:"registeredInstance"`
	}
	lines := []line{}
	data, _ := s.options.Registry.Snapshot(info.ID) // a client that has just gone publishes nothing
	for _, p := range data.Published {
		lines = append(lines, line{p.Service.Namespace, p.Service.Group, p.Service.Name, addressJSON{p.IP, p.Port, p.Cluster}})
	}
	return success(lines), nil
}

// publishers is GET /v2/ns/client/service/publisher/list: who publishes the instance at an address. Without ip and port, nobody.
func (s *Server) publishers(r *request) (answer, *failure) {
	p := r.parameters()
	p.flagOr("ephemeral", true)
	name, ip := p.text("serviceName"), p.may("ip", javaString, "")
	port := p.wholeOr("port", "")
	if p.failed != nil {
		return nil, p.failed
	}
	type line struct {
		addressJSON
		Client string `json:"clientId"`
	}
	lines := []line{}
	for _, published := range s.options.Registry.Publishers(r.whole(name)) {
		if r.has("port") && published.IP == ip && published.Port == port {
			lines = append(lines, line{addressJSON{published.IP, published.Port, published.Cluster}, published.ClientID})
		}
	}
	return success(lines), nil
}
