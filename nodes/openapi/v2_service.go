package openapi

import (
	"strings"

	"muster/model"
	"muster/nodes/registry"
)

// serviceForm reads a service and its protect threshold (Nacos: ServiceForm). Its name is taken whole, even one like a@@b, which
// no instance can have.
func (r *request) serviceForm() (service model.Service, metadata registry.ServiceMetadata, failed *failure) {
	failed = r.bindForm("serviceForm", map[string]javaType{"ephemeral": javaBoolean, "protectThreshold": javaFloat})
	if failed != nil {
		return service, metadata, failed
	}
	if failed = r.requireFields(serviceNameField); failed != nil {
		return service, metadata, failed
	}
	metadata = registry.NewServiceMetadata(r.flag("ephemeral", false))
	if text := compact(r.raw("protectThreshold")); text != "" {
		threshold, err := parseJavaDouble(text)
		if err != nil {
			return service, metadata, thrown(err.Error())
		}
		metadata.ProtectThreshold = float32(threshold)
	}
	return r.whole(r.raw("serviceName")), metadata, nil
}

// whole is the service of a bare name that is taken as it is.
func (r *request) whole(name string) model.Service {
	return model.Service{Namespace: r.namespace(), Group: r.optional("groupName", model.DefaultGroup), Name: name}
}

// namedService is the service that parameters name one by one. Blanks are no default here, but there must be a name.
func (r *request) namedService() (model.Service, *failure) {
	p := r.parameters()
	name := p.text("serviceName")
	service := model.Service{
		Namespace: p.may("namespaceId", javaString, model.DefaultNamespace), Group: p.may("groupName", javaString, model.DefaultGroup), Name: name,
	}
	switch {
	case p.failed != nil:
		return service, p.failed
	case strings.TrimSpace(name) == "":
		return service, blankName()
	}
	return service, nil
}

// createServiceForm is POST /v2/ns/service.
func (s *Server) createServiceForm(r *request) (answer, *failure) {
	service, metadata, failed := r.serviceForm()
	if failed != nil {
		return nil, failed
	}
	return success(ok), s.makeService(r, service, metadata)
}

// updateServiceForm is PUT /v2/ns/service. What it does not name is reset, except the clusters.
func (s *Server) updateServiceForm(r *request) (answer, *failure) {
	service, metadata, failed := r.serviceForm()
	if failed != nil {
		return nil, failed
	}
	return success(ok), s.resetService(r, service, metadata)
}

// deleteServiceNamed is DELETE /v2/ns/service.
func (s *Server) deleteServiceNamed(r *request) (answer, *failure) {
	service, failed := r.namedService()
	if failed != nil {
		return nil, failed
	}
	return success(ok), s.dropService(r, service)
}

// serviceDetailNamed is GET /v2/ns/service. It names the clusters that have instances.
func (s *Server) serviceDetailNamed(r *request) (answer, *failure) {
	service, failed := r.namedService()
	if failed != nil {
		return nil, failed
	}
	info, failed := s.infoOf(service)
	if failed != nil {
		return nil, failed
	}
	type cluster struct {
		Name     string            `json:"clusterName"`
		Checker  checkerJSON       `json:"healthChecker"`
		Metadata map[string]string `json:"metadata"`
		Hosts    []string          `json:"hosts"` // always null
	}
	metadata := metadataOf(info)
	clusters := map[string]cluster{}
	for _, name := range clustersOf(s.options.Registry.View(service)) {
		settings := clusterOf(metadata, name)
		clusters[name] = cluster{Name: name, Checker: checkerJSON(settings.Checker), Metadata: notNil(settings.Extend)}
	}
	return success(struct {
		Namespace string             `json:"namespace"`
		Name      string             `json:"serviceName"`
		Group     string             `json:"groupName"`
		Clusters  map[string]cluster `json:"clusterMap"`
		Metadata  map[string]string  `json:"metadata"`
		Threshold float              `json:"protectThreshold"`
		Selector  selectorJSON       `json:"selector"`
		Ephemeral bool               `json:"ephemeral"`
	}{
		service.Namespace, service.Name, service.Group, clusters, notNil(metadata.Extend), float(metadata.ProtectThreshold),
		selectorJSON(metadata.Selector), info.Ephemeral,
	}), nil
}

// serviceListed is GET /v2/ns/service/list.
func (s *Server) serviceListed(r *request) (answer, *failure) {
	p := r.parameters()
	number, size := p.wholeOr("pageNo", "1"), p.wholeOr("pageSize", "20")
	if p.failed != nil {
		return nil, p.failed
	}
	count, names, failed := s.namesOnPage(r, number, size)
	return success(struct {
		Count int      `json:"count"`
		Names []string `json:"services"`
	}{count, names}), failed
}

// setHealthForm is PUT /v2/ns/health.
func (s *Server) setHealthForm(r *request) (answer, *failure) {
	failed := r.bindForm("updateHealthForm", map[string]javaType{"healthy": javaBoolean, "port": javaInteger})
	if failed != nil {
		return nil, failed
	}
	if failed := r.requireFields(formField{"healthy", javaBoolean}, serviceNameField, ipField, portField); failed != nil {
		return nil, failed
	}
	port, name := number0(compact(r.raw("port"))), r.raw("serviceName")
	asked := r.optional("groupName", model.DefaultGroup) + "@@" + name
	return success(ok), s.refuseHealth(r.composite(name), asked, r.raw("ip"), port, r.optional("clusterName", model.DefaultCluster))
}

// setSwitchForm is PUT /v2/ns/ops/switches.
func (s *Server) setSwitchForm(r *request) (answer, *failure) {
	if failed := r.bindForm("updateSwitchForm", map[string]javaType{"debug": javaBool}); failed != nil {
		return nil, failed
	}
	if failed := r.requireFields(formField{"entry", javaString}, formField{"value", javaString}); failed != nil {
		return nil, failed
	}
	return success(ok), s.turnSwitch(r, strings.TrimSpace(r.raw("entry")), r.raw("value"), 500)
}

// inEnvelope answers as another handler does, in an envelope.
func inEnvelope(handle func(*request) (answer, *failure)) func(*request) (answer, *failure) {
	return func(r *request) (answer, *failure) {
		data, failed := handle(r)
		return success(data), failed
	}
}
