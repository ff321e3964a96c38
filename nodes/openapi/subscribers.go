package openapi

import (
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"muster/model"
	"muster/nodes/auth"
	"muster/nodes/paramcheck"
	"muster/nodes/push"
	"muster/nodes/registry"
)

// agent is the client's program and version, as it says itself (Nacos: WebUtils.getUserAgent).
func (r *request) agent() string {
	if agent := r.Header.Get("User-Agent"); agent != "" {
		return agent
	}
	return r.Header.Get("Client-Version")
}

// subscribe has whoever asks for a list told of changes over UDP, at the port that it names; 0 asks for none. It says whether it will
// be.
func (s *Server) subscribe(r *request, service model.Service, ip string, port int, clusters string) bool {
	if port <= 0 || port > paramcheck.MaxPort || !push.Takes(r.agent(), s.options.Registry.Switches()) {
		return false
	}
	if ip == "" {
		ip = r.sender()
	}
	err := s.options.Registry.SubscribeSocket(
		registry.Connection{App: r.optional("app", ""), Agent: r.agent(), IP: ip, Port: port},
		registry.Subscription{Service: service, Clusters: &clusters},
	)
	if err != nil { // it asks for the list now and then, as all do
		s.options.Log.Debug("a subscriber over UDP is not told of changes", "to", registry.Tag(ip, port), "error", err.Error())
	}
	return err == nil
}

// sender is the address that the request came from.
func (r *request) sender() string {
	ip, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return ip
}

// pushPort is the port to which a subscriber is pushed; 0 for one that is told over its connection.
func pushPort(who registry.Connection) int {
	if registry.IsConnection(who.ID) {
		return 0
	}
	return who.Port
}

// addressOf is a subscriber's address as operators see it.
func addressOf(who registry.Connection) string {
	if registry.IsConnection(who.ID) {
		return who.IP
	}
	return registry.Tag(who.IP, who.Port)
}

// subscriberJSON is a subscriber as operators see it (Nacos: pojo/Subscriber).
type subscriberJSON struct {
	Address   string `json:"addrStr"`
	Agent     string `json:"agent"`
	App       string `json:"app"`
	IP        string `json:"ip"`
	Port      int    `json:"port"`
	Namespace string `json:"namespaceId"`
	Service   string `json:"serviceName"`
	Cluster   string `json:"cluster"`
}

const (
	subscribersPath = "/v1/ns/service/subscribers"
	// subscribersPage is how many of them are shown unless the request says how many.
	subscribersPage = 1000
)

// serviceSubscribers is GET /service/subscribers: who is told of the services whose names contain this one, by which node ever; with
// aggregation=false by this node.
func (s *Server) serviceSubscribers(r *request) (answer, *failure) {
	service, failed := r.service()
	if failed != nil {
		return nil, failed
	}
	subscribers := s.subscribersHere(service)
	if equalsTrue(r.optional("aggregation", "true")) {
		subscribers = s.subscribersAtPeers(r, subscribers)
	}
	subscribers = r.readable(service, subscribers)
	slices.SortFunc(subscribers, compareSubscribers)
	number, size := number0(r.optional("pageNo", "1")), number0(r.optional("pageSize", strconv.Itoa(subscribersPage)))
	var shown any = onPage(subscribers, number, size)
	if s.one() {
		shown = subscribersOne(onPage(subscribers, number, size))
	}
	return struct {
		Subscribers any `json:"subscribers"`
		Count       int `json:"count"`
	}{shown, len(subscribers)}, nil
}

// readable leaves those out that subscribed other services than the one which the sender asked about and may read.
func (r *request) readable(asked model.Service, list []subscriberJSON) []subscriberJSON {
	if r.may == nil {
		return list
	}
	return slices.DeleteFunc(list, func(subscriber subscriberJSON) bool {
		group, name, _ := strings.Cut(subscriber.Service, "@@")
		return subscriber.Service != asked.GroupedName() && !r.may(auth.Resource{Namespace: subscriber.Namespace, Group: group, Service: name})
	})
}

func compareSubscribers(a, b subscriberJSON) int {
	return slices.Compare([]string{a.Service, a.Address, a.Agent, a.Cluster}, []string{b.Service, b.Address, b.Agent, b.Cluster})
}

func (s *Server) subscribersHere(pattern model.Service) []subscriberJSON {
	list := []subscriberJSON{}
	for _, subscriber := range s.options.Registry.SubscribersLike(pattern) {
		shown := subscriberJSON{
			Address: addressOf(subscriber.Connection), Agent: subscriber.Agent, App: subscriber.App, IP: subscriber.IP,
			Port: pushPort(subscriber.Connection), Namespace: subscriber.Service.Namespace, Service: subscriber.Service.GroupedName(),
		}
		if subscriber.Clusters != nil {
			shown.Cluster = *subscriber.Clusters
		}
		list = append(list, shown)
	}
	return list
}

// subscribersAtPeers adds those of the other members. One that does not answer in time has none, as in Nacos.
func (s *Server) subscribersAtPeers(r *request, list []subscriberJSON) []subscriberJSON {
	query := url.Values{
		"serviceName": {r.raw("serviceName")}, "namespaceId": {r.namespace()}, "aggregation": {"false"},
		"pageNo": {"1"}, "pageSize": {strconv.Itoa(paramcheck.MaxPort)},
	}
	for _, member := range s.options.Members() {
		if member.Address == s.options.Self {
			continue
		}
		target := url.URL{Scheme: "http", Host: member.Address, Path: "/nacos" + subscribersPath, RawQuery: query.Encode()}
		request, err := http.NewRequestWithContext(r.Context(), http.MethodGet, target.String(), nil)
		if err != nil {
			continue // a member whose address is none
		}
		request.Header.Set("User-Agent", peerAgent)
		if key, value := s.options.Auth.Identity(); key != "" {
			request.Header.Set(key, value)
		}
		var theirs struct {
			Subscribers []subscriberJSON `json:"subscribers"`
		}
		answer, err := s.fetch(request)
		if err == nil {
			err = json.Unmarshal(answer.body, &theirs)
		}
		if err != nil {
			s.options.Log.Warn("a member's subscribers are unknown", "member", member.Address, "error", err.Error())
			continue
		}
		for _, subscriber := range theirs.Subscribers {
			if !slices.Contains(list, subscriber) {
				list = append(list, subscriber)
			}
		}
	}
	return list
}

// pushState is GET /operator/push/state: how many pushes over UDP there were, and how many of them were acknowledged or may be yet.
func (s *Server) pushState(r *request) (answer, *failure) {
	for _, name := range []string{"detail", "reset"} {
		text := r.raw(name)
		if _, known := springBool(compact(text)); !known && text != "" {
			return nil, notBoolean(text)
		}
	}
	reset := r.flag("reset", false)
	state := s.options.Pushes(reset)
	var ratio any = 0 // a whole number in Nacos, too
	if state.Total > 0 {
		ratio = float(float32(state.Total-state.Failed) / float32(state.Total))
	}
	type costs struct {
		Average int `json:"avgPushCost"`
		Most    int `json:"maxPushCost"`
	}
	told := struct {
		Succeeded int      `json:"succeed"`
		Total     int      `json:"total"`
		Ratio     any      `json:"ratio"`
		Waiting   []string `json:"data,omitzero"`
		Costs     *costs   `json:"detail,omitempty"`
		Reset     bool     `json:"reset"`
	}{Succeeded: state.Total - state.Failed, Total: state.Total, Ratio: ratio, Reset: reset}
	switch {
	case !r.flag("detail", false):
	case s.one():
		told.Waiting = append([]string{}, state.Waiting...)
	default:
		told.Costs = &costs{-1, -1} // as long as none has been measured, which is always
	}
	return told, nil
}
