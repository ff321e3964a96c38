package openapi

import (
	"net/http"
	"strconv"
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
	if registry.IsConnection(info.ID) {
		return s.connectionDetail(info)
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

// connectionDetail is the detail of a client that is a connection. Only the node that has it can tell; the others fail in Nacos's
// words.
func (s *Server) connectionDetail(info registry.ClientInfo) (answer, *failure) {
	connection, here := s.options.Registry.ConnectionOf(info.ID)
	if !here {
		return nil, thrown(`Cannot invoke "com.alibaba.nacos.core.remote.Connection.getMetaInfo()" because "connection" is null`)
	}
	return success(struct {
		ID        string `json:"clientId"`
		Ephemeral bool   `json:"ephemeral"`
		Updated   int64  `json:"lastUpdatedTime"`
		Type      string `json:"clientType"`
		Connect   string `json:"connectType"`
		App       string `json:"appName"`
		Version   string `json:"version"`
		IP        string `json:"clientIp"`
		Port      string `json:"clientPort"`
	}{
		info.ID, info.Ephemeral, info.Updated.UnixMilli(), "connection", "GRPC", connection.App, connection.Agent, connection.IP,
		strconv.Itoa(connection.Port),
	}), nil
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

// subscribed is GET /v2/ns/client/subscribe/list: what a client subscribed at this node. Peers know of a client, not of its wishes.
func (s *Server) subscribed(r *request) (answer, *failure) {
	info, failed := s.clientNamed(r)
	if failed != nil {
		return nil, failed
	}
	type subscriber struct {
		App     string `json:"app"`
		Agent   string `json:"agent"`
		Address string `json:"addr"`
	}
	type line struct {
		Namespace  string     `json:"namespace"`
		Group      string     `json:"group"`
		Name       string     `json:"serviceName"`
		Subscriber subscriber `json:"subscriberInfo"`
	}
	lines := []line{}
	who, _ := s.options.Registry.SubscriberOf(info.ID) // nobody has no subscriptions
	for _, wish := range s.options.Registry.Subscriptions(info.ID) {
		lines = append(lines, line{
			wish.Service.Namespace, wish.Service.Group, wish.Service.Name, subscriber{who.App, who.Agent, addressOf(who)},
		})
	}
	return success(lines), nil
}

// subscribers is GET /v2/ns/client/service/subscriber/list: who subscribed a service at this node. The port of one that is told
// over its connection is 0.
func (s *Server) subscribers(r *request) (answer, *failure) {
	p := r.parameters()
	p.flagOr("ephemeral", true)
	name, ip := p.text("serviceName"), p.may("ip", javaString, "")
	port := p.wholeOr("port", "0")
	if p.failed != nil {
		return nil, p.failed
	}
	anyPort := p.may("port", javaInteger, "") == ""
	type line struct {
		Client string `json:"clientId"`
		IP     string `json:"ip"`
		Port   int    `json:"port"`
	}
	lines := []line{}
	for _, subscriber := range s.options.Registry.Subscribers(r.whole(name)) {
		if at := pushPort(subscriber.Connection); (ip == "" || ip == subscriber.IP) && (anyPort || port == at) {
			lines = append(lines, line{subscriber.ID, subscriber.IP, at})
		}
	}
	return success(lines), nil
}
