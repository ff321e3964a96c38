package openapi

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"muster/model"
	"muster/nodes/push"
	"muster/nodes/registry"
)

// catalogPage is /v2/ns/catalog/instances, by any verb: a service's instances as they are, disabled and unhealthy ones too. A page
// ends where the list would without the filters healthyOnly and enabledOnly, so that it fails where they leave less: so it is in
// Nacos, CatalogControllerV2.
func (s *Server) catalogPage(r *request) (answer, *failure) {
	name, failed := r.bound("serviceName")
	if failed != nil {
		return nil, failed
	}
	healthy, failed := r.boundFlag("healthyOnly")
	if failed != nil {
		return nil, failed
	}
	enabled, failed := r.boundFlag("enabledOnly")
	if failed != nil {
		return nil, failed
	}
	number, size, failed := r.pageOf()
	if failed != nil {
		return nil, failed
	}
	service := model.Service{Namespace: r.namespace(), Group: model.DefaultGroup, Name: name}
	if group, bare, grouped := strings.Cut(name, "@@"); grouped {
		service.Group, service.Name = group, bare
	}
	all := s.options.Registry.View(service).Hosts
	var hosts []*registry.Host
	for _, h := range all {
		if (healthy == nil || h.Healthy == *healthy) && (enabled == nil || h.Enabled == *enabled) {
			hosts = append(hosts, h)
		}
	}
	start := min(max((number-1)*size, 0), len(all))
	end := min(start+size, len(all))
	b := []byte{'{'}
	if start < len(hosts) {
		switch {
		case end > len(hosts):
			return nil, plain(http.StatusInternalServerError, "caused: toIndex = "+strconv.Itoa(end)+";")
		case end < start:
			return nil, plain(http.StatusBadRequest, fmt.Sprintf("fromIndex(%d) > toIndex(%d)", start, end))
		}
		b = append(push.AppendHosts(append(b, `"instances":`...), service, hosts[start:end]), ',')
	}
	b = strconv.AppendInt(append(b, `"count":`...), int64(len(hosts)), 10)
	return successJSON(append(b, '}')), nil
}

// boundFlag is a boolean that Spring binds, nil where it is absent.
func (r *request) boundFlag(name string) (*bool, *failure) {
	text := compact(r.raw(name))
	if text == "" {
		return nil, nil
	}
	value, known := springBool(text)
	if !known {
		problem := "Invalid boolean value [" + text + "]"
		return nil, conversion("java.lang.Boolean", "java.lang.IllegalArgumentException: "+problem, problem)
	}
	return &value, nil
}
