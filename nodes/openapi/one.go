package openapi

import (
	"maps"
	"net/http"
	"strings"

	"muster/nodes/registry"
)

// Files named one_ hold what only Nacos 1.x (1.4.8) answers; whatever both generations answer alike is shared.

// one says whether this node answers as Nacos 1.x.
func (s *Server) one() bool { return s.options.Profile == registry.Nacos1 }

// tableOne lists what Nacos 1.x answers.
func (s *Server) tableOne() map[string]map[string]route {
	read := func(handle func(*request) (answer, *failure)) route { return route{handle: handle, caused: true} }
	open := func(handle func(*request) (answer, *failure)) route {
		return route{handle: handle, caused: true, open: true}
	}
	routed := func(handle func(*request) (answer, *failure)) route {
		return route{handle: handle, caused: true, routed: true}
	}
	const (
		get, post, put, del, patch = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch
		ns                         = "/v1/ns/"
		core                       = "/v1/core/cluster/"
		console                    = "/v1/console/"
	)
	table := map[string]map[string]route{
		ns + "instance": {
			post: routed(s.registerOne), put: routed(s.updateOne), patch: routed(s.patchOne), del: routed(s.deregisterOne),
			get: read(s.getOne),
		},
		ns + "instance/list":           {get: read(s.listOne)},
		ns + "instance/beat":           {put: routed(s.beatOne)},
		ns + "instance/statuses":       {get: read(s.statusesOne)},
		ns + "instance/metadata/batch": {put: routed(s.batchOne(addMetadata)), del: routed(s.batchOne(dropMetadata))},
		ns + "api/srvIPXT":             {get: read(domNamed(s.listOne))},
		ns + "api/clientBeat":          {get: {handle: domNamed(s.beatOne), caused: true, writes: true}},

		ns + "service": {
			post: read(s.createServiceOne), put: read(s.updateServiceOne), del: read(s.deleteServiceOne), get: read(s.serviceDetailOne),
		},
		ns + "service/list":           {get: read(s.serviceListOne)},
		ns + "service/names":          {get: read(s.serviceNamesOne)},
		ns + "service/checksum":       {put: read(s.serviceChecksumOne)},
		ns + "service/status":         {post: read(s.serviceStatusOne)},
		ns + "service/selector/types": {get: read(s.listSelectorTypes)},
		subscribersPath:               {get: read(s.serviceSubscribers)},
		ns + "cluster":                {put: read(s.setClusterOne)},

		ns + "health":             {put: routed(s.setHealthOne)},
		ns + "health/instance":    {put: routed(s.setHealthOne)},
		ns + "health/server":      {get: read(s.healthServer)},
		ns + "catalog/instances":  {get: read(s.catalogInstancesOne)},
		ns + "catalog/service":    {get: read(s.catalogServiceOne)},
		ns + "catalog/services":   {get: read(s.catalogServices)},
		ns + "catalog/rt/service": {get: read(s.catalogPaceOne)},
		ns + "distro/datum":       {get: {handle: s.distroDatumOne}, put: read(s.takeDatumOne)},
		ns + "distro/checksum":    {put: read(s.takeChecksumOne)},

		core + "self":         {get: read(s.clusterSelfOne)},
		core + "nodes":        {get: read(s.clusterNodesOne)},
		core + "health":       {get: read(s.clusterHealth)},
		core + "report":       {post: read(s.clusterReportOne)},
		core + "simple/nodes": {get: read(s.simpleNodes)},

		console + "health/liveness":  {get: open(s.alive)},
		console + "health/readiness": {get: open(s.alive)},
		console + "server/state":     {get: open(s.serverStateOne)},
		console + "namespaces": {
			get: read(s.namespacesOne), post: read(s.oldCreateNamespace), put: read(s.oldUpdateNamespace), del: read(s.oldDeleteNamespace),
		},
	}
	for _, operator := range []string{ns + "operator/", ns + "ops/"} {
		table[operator+"switches"] = map[string]route{get: read(s.switches), put: read(s.setSwitchOne)}
		table[operator+"metrics"] = map[string]route{get: open(s.metricsOne)}
		table[operator+"push/state"] = map[string]route{get: {handle: s.pushState, caused: true, resets: true}}
		table[operator+"servers"] = map[string]route{get: read(s.serversOne)}
		table[operator+"server/status"] = map[string]route{get: read(s.serverStatusOne)}
		table[operator+"distro/server"] = map[string]route{get: read(s.distroServerOne)}
		table[operator+"distro/status"] = map[string]route{get: read(s.distroStatusOne)}
		table[operator+"log"] = map[string]route{put: read(s.setLogOne)}
	}
	for path, verbs := range map[string][]string{
		"peer": {get}, "state": {get}, "leader": {get}, "listeners": {get}, "vote": {post}, "beat": {post}, "datum": {get, post, del},
		"datum/commit": {post, del}, "datum/reload": {put},
	} {
		table[ns+"raft/"+path] = map[string]route{}
		for _, verb := range verbs {
			table[ns+"raft/"+path][verb] = read(raftRetired)
		}
	}
	maps.Copy(table, s.tableAccounts())
	return table
}

// raftRetired is every door of the Raft that Nacos had before 1.4.0.
func raftRetired(*request) (answer, *failure) {
	return nil, exception("old raft protocol already stop")
}

// domNamed is a path from before 1.0.0, where the service was called dom.
func domNamed(handle func(*request) (answer, *failure)) func(*request) (answer, *failure) {
	return func(r *request) (answer, *failure) {
		name, failed := r.required("dom")
		if failed != nil {
			return nil, failed
		}
		r.values.Set("serviceName", name)
		if failed := r.filterName(); failed != nil {
			return nil, failed
		}
		return handle(r)
	}
}

// exception is what Nacos 1.x answers to most mistakes: a NacosException that no handler of its knows.
func exception(text string) *failure { return plain(http.StatusInternalServerError, text) }

// asCause puts a failure into the words of Nacos 1.x (ResponseExceptionHandler). One without words has an empty body.
func (f *failure) asCause() *failure {
	if f != nil && f.form == formPlain && f.text != "" && !strings.HasPrefix(f.text, "caused: ") {
		f.text = "caused: " + f.text + ";"
	}
	return f
}

// needOne is a parameter that Spring binds.
func (r *request) needOne(name string, t javaType) (string, *failure) {
	if !r.has(name) {
		return "", exception("Required request parameter '" + name + "' for method parameter type " + string(t) + " is not present")
	}
	return r.raw(name), nil
}
