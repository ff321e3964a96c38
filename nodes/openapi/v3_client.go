package openapi

import (
	"net/http"

	"muster/model"
	"muster/nodes/push"
	"muster/nodes/registry"
)

// instanceUnknown answers a beat of an instance that is not registered, with status 200: its client registers again (Nacos:
// InstanceOpenApiController.register).
var instanceUnknown = envelope{Code: codeInstanceUnknown, Message: codeNames[codeInstanceUnknown]}

// registerOrBeat is POST /v3/client/ns/instance: with heartBeat=true a sign of life of an instance, otherwise its registration.
func (s *Server) registerOrBeat(r *request) (answer, *failure) {
	p := r.parameters()
	beat := p.flagOr("heartBeat", false)
	if p.failed != nil {
		return nil, p.failed
	}
	if !beat {
		return s.registerForm(r)
	}
	service, instance, _, failed := s.instanceForm(r)
	if failed != nil {
		return nil, failed
	}
	if answer, failed := s.toOwner(r, instance.IP, instance.Port); answer != nil || failed != nil {
		return answer, failed
	}
	if !s.options.Liveness.Beat(service, model.InstanceKey{IP: instance.IP, Port: instance.Port}) {
		return instanceUnknown, nil
	}
	return success(ok), nil
}

// listForm reads which service's instances a request wants (Nacos: InstanceListForm).
func (r *request) listForm() (model.Service, *failure) {
	if failed := r.bindForm("instanceListForm", map[string]javaType{"healthyOnly": javaBoolean}); failed != nil {
		return model.Service{}, failed
	}
	if failed := r.requireFields(serviceNameField); failed != nil {
		return model.Service{}, failed
	}
	return r.composite(r.raw("serviceName")), nil
}

// instanceArray is GET /v3/client/ns/instance/list: the instances alone, of the cluster DEFAULT unless another is named. healthyOnly is
// not looked at.
func (s *Server) instanceArray(r *request) (answer, *failure) {
	service, failed := r.listForm()
	if failed != nil {
		return nil, failed
	}
	view, failed := s.view(r, service)
	if failed != nil {
		return nil, failed
	}
	want := registry.Selection{Clusters: r.optional("clusterName", model.DefaultCluster)}
	hosts, _ := view.Select(want, s.options.Registry.ServiceMetadata(service))
	return successJSON(push.AppendHosts(nil, service, hosts)), nil
}

// tableClient3 lists what clients may ask of version 3.
func (s *Server) tableClient3() map[string]map[string]route {
	naming := func(handle func(*request) (answer, *failure)) route {
		return route{handle: handle, check: (*request).checkNaming, result: true}
	}
	const instance = "/v3/client/ns/instance"
	return map[string]map[string]route{
		instance:           {http.MethodPost: naming(s.registerOrBeat), http.MethodDelete: naming(s.deregisterForm)},
		instance + "/list": {http.MethodGet: {handle: s.instanceArray, check: (*request).checkList, result: true}},
	}
}
