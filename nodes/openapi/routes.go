package openapi

import "net/http"

// table lists what this server answers. Everything else is refused by path and verb.
func (s *Server) table() map[string]map[string]route {
	read := func(handle func(*request) (answer, *failure)) route { return route{handle: handle} }
	routed := func(handle func(*request) (answer, *failure)) route { return route{handle: handle, routed: true} }
	const (
		get, post, put, del, patch = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch
		ns                         = "/v1/ns/"
		core                       = "/v1/core/cluster/"
	)
	table := map[string]map[string]route{
		ns + "instance": {
			post: routed(s.register), put: routed(s.update), patch: routed(s.patch), del: routed(s.deregister), get: read(s.get),
		},
		ns + "instance/list":           {get: read(s.list)},
		ns + "instance/beat":           {put: routed(s.beat)},
		ns + "instance/statuses":       {get: read(s.statuses)},
		ns + "instance/metadata/batch": {put: routed(s.batchSet), del: routed(s.batchDrop)},

		ns + "service": {
			post: read(s.createService), put: read(s.updateService), del: read(s.deleteService), get: read(s.serviceDetail),
		},
		ns + "service/list":           {get: read(s.serviceList)},
		ns + "service/names":          {get: read(s.serviceNames)},
		ns + "service/selector/types": {get: read(s.selectorTypes)},
		ns + "cluster":                {put: read(s.setCluster)},

		ns + "health":            {put: routed(s.setHealth)},
		ns + "health/instance":   {put: routed(s.setHealth)},
		ns + "health/server":     {get: read(s.healthServer)},
		ns + "catalog/instances": {get: read(s.catalogInstances)},
		ns + "catalog/service":   {get: read(s.catalogService)},
		ns + "catalog/services":  {get: read(s.catalogServices)},

		core + "self":                  {get: read(s.clusterSelf)},
		core + "nodes":                 {get: read(s.clusterNodes)},
		core + "health":                {get: read(s.clusterHealth)},
		core + "server/leave":          {post: read(s.clusterLeave)},
		core + "report":                {}, // members report over gRPC only
		"/v1/console/health/liveness":  {get: read(s.alive)},
		"/v1/console/health/readiness": {get: read(s.alive)},
	}
	for _, operator := range []string{ns + "operator/", ns + "ops/"} {
		table[operator+"switches"] = map[string]route{get: read(s.switches), put: read(s.setSwitch)}
		table[operator+"metrics"] = map[string]route{get: read(s.metrics)}
		table[operator+"distro/client"] = map[string]route{get: read(s.distroClient)}
	}
	return table
}
