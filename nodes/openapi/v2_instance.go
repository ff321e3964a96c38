package openapi

import (
	"net/http"
	"strings"

	"muster/model"
	"muster/nodes/registry"
)

// statusesPath is followed by the key of a service.
const statusesPath = "/v2/ns/instance/statuses/"

// instanceFields are the fields of an instance's form that are no texts (Nacos: InstanceForm).
var instanceFields = map[string]javaType{
	"port": javaInteger, "weight": javaDouble, "healthy": javaBoolean, "enabled": javaBoolean, "ephemeral": javaBoolean,
}

var (
	serviceNameField = formField{"serviceName", javaString}
	ipField          = formField{"ip", javaString}
	portField        = formField{"port", javaInteger}
)

// instanceForm reads an instance. It has no id: version 2 gives none, whatever the metadata ask for.
func (s *Server) instanceForm(r *request) (service model.Service, p registry.Published, ephemeral bool, failed *failure) {
	if failed = r.bindForm("instanceForm", instanceFields); failed != nil {
		return service, p, false, failed
	}
	if failed = r.requireFields(serviceNameField, ipField, portField); failed != nil {
		return service, p, false, failed
	}
	weight, err := parseJavaDouble(r.optional("weight", "1"))
	if err != nil {
		return service, p, false, thrown(err.Error())
	}
	if failed = checkWeight(weight); failed != nil {
		return service, p, false, failed
	}
	metadata, err := parseMetadata(r.raw("metadata"))
	if err != nil {
		return service, p, false, plain(http.StatusBadRequest, err.Error())
	}
	p = registry.Published{
		IP: r.raw("ip"), Port: number0(compact(r.raw("port"))), Cluster: r.optional("clusterName", model.DefaultCluster), Weight: weight,
		Healthy: r.flag("healthy", true), Enabled: r.flag("enabled", true), Metadata: metadata,
	}
	return r.composite(r.raw("serviceName")), p, r.flag("ephemeral", s.options.Registry.Switches().DefaultInstanceEphemeral), nil
}

// registerForm is POST /v2/ns/instance.
func (s *Server) registerForm(r *request) (answer, *failure) {
	return s.withOwner(r, s.publish)
}

// deregisterForm is DELETE /v2/ns/instance.
func (s *Server) deregisterForm(r *request) (answer, *failure) {
	return s.withOwner(r, s.takeOff)
}

// withOwner writes an instance: an ephemeral one at the node that is responsible for it, a persistent one here, for the Raft group
// is everywhere.
func (s *Server) withOwner(r *request, write func(*request, model.Service, registry.Published, bool) *failure) (answer, *failure) {
	service, instance, ephemeral, failed := s.instanceForm(r)
	if failed != nil {
		return nil, failed
	}
	if ephemeral {
		if answer, failed := s.toOwner(r, instance.IP, instance.Port); answer != nil || failed != nil {
			return answer, failed
		}
	}
	return success(ok), write(r, service, instance, ephemeral)
}

// updateForm is PUT /v2/ns/instance. It goes through the Raft group from whichever node knows the service.
func (s *Server) updateForm(r *request) (answer, *failure) {
	service, instance, ephemeral, failed := s.instanceForm(r)
	if failed != nil {
		return nil, failed
	}
	return success(ok), s.coverWhole(r, service, instance, ephemeral)
}

// patchAll is PATCH /v2/ns/instance, which wants the grouped name and every field, and answers without an envelope.
func (s *Server) patchAll(r *request) (answer, *failure) {
	p := r.parameters()
	name, ip := p.text("serviceName"), p.text("ip")
	cluster := p.may("cluster", javaString, model.DefaultCluster)
	port := p.whole("port")
	weightText, enabledText, metadataText := p.need("weight", javaDouble), p.need("enabled", javaBoolean), p.text("metadata")
	if p.failed != nil {
		return nil, p.failed
	}
	service, failed := r.grouped(name)
	if failed != nil {
		return nil, failed
	}
	extend, err := parseMetadata(metadataText)
	if err != nil {
		return nil, plain(http.StatusBadRequest, err.Error())
	}
	weight, err := parseJavaDouble(compact(weightText))
	if err != nil {
		return nil, thrown(err.Error())
	}
	if failed := checkWeight(weight); failed != nil {
		return nil, failed
	}
	enabled, _ := springBool(compact(enabledText)) // need accepted it
	return ok, s.coverPart(r, service, ip, port, cluster, []func(*registry.InstanceMetadata){func(m *registry.InstanceMetadata) {
		m.Weight, m.Enabled = weight, enabled
		if strings.TrimSpace(metadataText) != "" {
			m.Extend = extend
		}
	}})
}

// instanceDetail is GET /v2/ns/instance.
func (s *Server) instanceDetail(r *request) (answer, *failure) {
	p := r.parameters()
	name, ip := p.text("serviceName"), p.text("ip")
	cluster := p.may("clusterName", javaString, model.DefaultCluster)
	port := p.whole("port")
	if p.failed != nil {
		return nil, p.failed
	}
	service, failed := r.named(name)
	if failed != nil {
		return nil, failed
	}
	host, failed := s.find(r, service, ip, port, cluster)
	if failed != nil {
		return nil, failed
	}
	return success(struct {
		Service  string            `json:"serviceName"`
		IP       string            `json:"ip"`
		Port     int               `json:"port"`
		Cluster  string            `json:"clusterName"`
		Weight   double            `json:"weight"`
		Healthy  bool              `json:"healthy"`
		ID       *string           `json:"instanceId"`
		Metadata map[string]string `json:"metadata"`
	}{service.GroupedName(), host.IP, host.Port, host.Cluster, double(host.Weight), host.Healthy, idOf(host), notNil(host.Metadata)}), nil
}

// named is the service of a bare name that is a parameter of its own, which may be empty (Nacos: NamingUtils.getGroupedName).
func (r *request) named(name string) (model.Service, *failure) {
	if strings.TrimSpace(name) == "" {
		return model.Service{}, blankName()
	}
	return r.composite(name), nil
}

// instanceList is GET /v2/ns/instance/list.
func (s *Server) instanceList(r *request) (answer, *failure) {
	p := r.parameters()
	name := p.text("serviceName")
	clusters := p.may("clusterName", javaString, "")
	ip, port := p.may("ip", javaString, ""), p.wholeOr("port", "0")
	healthyOnly := p.flagOr("healthyOnly", false)
	if p.failed != nil {
		return nil, p.failed
	}
	service, failed := r.named(name)
	if failed != nil {
		return nil, failed
	}
	s.subscribe(r, service, ip, port, clusters)
	view, failed := s.view(r, service)
	if failed != nil {
		return nil, failed
	}
	return successJSON(s.appendList(nil, service, view, registry.Selection{Clusters: clusters, HealthyOnly: healthyOnly})), nil
}

// batchForm is PUT or DELETE /v2/ns/instance/metadata/batch, by what is done with the metadata.
func (s *Server) batchForm(change func(extend, given map[string]string)) func(*request) (answer, *failure) {
	return func(r *request) (answer, *failure) {
		if failed := r.requireFields(serviceNameField, formField{"metadata", javaString}); failed != nil {
			return nil, failed
		}
		targets, failed := r.batchWanted()
		if failed != nil {
			return nil, failed
		}
		updated, failed := s.coverAll(r, r.composite(r.raw("serviceName")), targets, r.raw("metadata"), change)
		return success(updated), failed
	}
}

// beatPlain is PUT /v2/ns/instance/beat: as in version 1, without an envelope.
func (s *Server) beatPlain(r *request) (answer, *failure) {
	p := r.parameters()
	name := p.text("serviceName")
	p.wholeOr("port", "0")
	if p.failed != nil {
		return nil, p.failed
	}
	full, failed := r.fullBeat()
	if failed != nil {
		return nil, failed
	}
	service, failed := r.grouped(name)
	if failed != nil {
		return nil, failed
	}
	ip, port, failed := r.beatAddress(full)
	if failed != nil {
		return nil, failed
	}
	if answer, failed := s.toOwner(r, ip, port); answer != nil || failed != nil {
		return answer, failed
	}
	return s.takeBeat(r, service, ip, port, full)
}

// statusesBelow is /v2/ns/instance/statuses/{key}, without an envelope.
func (s *Server) statusesBelow(r *request) (answer, *failure) {
	return s.statusesOf(r, strings.TrimPrefix(r.path, statusesPath))
}
