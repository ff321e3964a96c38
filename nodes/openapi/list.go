package openapi

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"

	"muster/model"
	"muster/nodes/push"
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
	list := lists.Get().(*lentJSON)
	list.text = s.appendList(list.text[:0], service, view, want)
	return list, nil
}

// lentJSON is an answer that is encoded already, in memory that is used again once it is written.
type lentJSON struct{ text []byte }

// lists are what was lent: an answer of 100 instances is 35 kB, and there may be thousands in a second.
var lists = sync.Pool{New: func() any { return new(lentJSON) }}

// appendList writes what a query wants of a view.
func (s *Server) appendList(b []byte, service model.Service, view *registry.View, want registry.Selection) []byte {
	grouped := service.GroupedName()
	info := push.ServiceInfo{Name: &grouped, Group: &service.Group, Clusters: &want.Clusters, HealthyOnly: want.HealthyOnly}
	return info.Append(b, s.options.Registry, view)
}

// equalsTrue is Java's Boolean.parseBoolean.
func equalsTrue(text string) bool { return len(text) == 4 && word(text) }

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
	} else if len(parts[0]) < len(key) { // nothing behind the ##, of which Java's split leaves nothing, or what is before it
		there := min(len(parts[0]), 1)
		return nil, plain(http.StatusInternalServerError, fmt.Sprintf("caused: Index %[1]d out of bounds for length %[1]d;", there))
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
