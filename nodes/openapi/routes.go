package openapi

import (
	"maps"
	"net/http"
)

// table lists what this server answers, version 1 first. Everything else is refused by path and verb.
func (s *Server) table() map[string]map[string]route {
	read := func(handle func(*request) (answer, *failure)) route { return route{handle: handle} }
	open := func(handle func(*request) (answer, *failure)) route { return route{handle: handle, open: true} }
	routed := func(handle func(*request) (answer, *failure)) route { return route{handle: handle, routed: true} }
	const (
		get, post, put, del, patch = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch
		ns                         = "/v1/ns/"
		core                       = "/v1/core/cluster/"
	)
	table := s.tableTwo()
	for path, verbs := range map[string]map[string]route{
		ns + "instance": {
			post: routed(s.register), put: routed(s.update), patch: routed(s.patch), del: routed(s.deregister), get: read(s.get),
		},
		ns + "instance/list":     {get: {handle: s.list, check: (*request).checkList}},
		ns + "instance/beat":     {put: {handle: s.beat, check: (*request).checkBeat, routed: true}},
		ns + "instance/statuses": {get: read(s.statuses)},
		ns + "instance/metadata/batch": {
			put: {handle: s.batchSet, check: (*request).checkBatch, routed: true},
			del: {handle: s.batchDrop, check: (*request).checkBatch, routed: true},
		},

		ns + "service": {
			post: read(s.createService), put: read(s.updateService), del: read(s.deleteService), get: read(s.serviceDetail),
		},
		ns + "service/list":           {get: read(s.serviceList)},
		ns + "service/names":          {get: read(s.serviceNames)},
		subscribersPath:               {get: read(s.serviceSubscribers)},
		ns + "service/selector/types": {get: open(s.listSelectorTypes)},
		ns + "cluster":                {put: read(s.setCluster)},

		ns + "health":            {put: routed(s.setHealth)},
		ns + "health/instance":   {put: routed(s.setHealth)},
		ns + "health/checkers":   {get: open(s.healthCheckers)},
		ns + "health/server":     {get: open(s.healthServer)},
		ns + "catalog/instances": {get: read(s.catalogInstances)},
		ns + "catalog/service":   {get: read(s.catalogService)},
		ns + "catalog/services":  {get: read(s.catalogServices)},

		core + "self":                  {get: read(s.clusterSelf)},
		core + "nodes":                 {get: read(s.clusterNodes)},
		core + "health":                {get: read(s.clusterHealth)},
		core + "server/leave":          {post: read(s.clusterLeave)},
		core + "report":                {post: read(s.report)},
		core + "switch/lookup":         {post: read(s.switchLookup)},
		"/v1/core/ops/raft":            {post: read(s.raftCommand("CoreOpsController"))},
		"/v1/core/ops/idInfo":          {get: open(s.oldGenerators)},
		"/v1/core/ops/log":             {put: read(s.oldCoreLog)},
		"/v1/console/health/liveness":  {get: open(s.alive)},
		core + "simple/nodes":          {get: read(s.simpleNodes)},
		"/v1/console/health/readiness": {get: open(s.alive)},
		"/v1/console/server/state":     {get: open(s.serverState)},
		"/actuator":                    {get: open(s.actuator)},
		"/actuator/health":             {get: open(s.actuatorHealth)},
	} {
		table[path] = verbs
	}
	maps.Copy(table, s.tableLoader())
	maps.Copy(table, s.tableThree())
	maps.Copy(table, s.tableAccounts())
	if s.options.Metrics {
		maps.Copy(table, s.tableMetrics())
	}
	for _, operator := range []string{ns + "operator/", ns + "ops/"} {
		table[operator+"switches"] = map[string]route{get: open(s.switches), put: read(s.setSwitch)}
		table[operator+"metrics"] = map[string]route{get: open(s.metrics)}
		table[operator+"push/state"] = map[string]route{get: {handle: s.pushState, open: true, resets: true}}
		table[operator+"distro/client"] = map[string]route{get: read(s.distroClient)}
		table[operator+"log"] = map[string]route{put: read(s.operatorLog)}
	}
	return table
}

// tableTwo lists version 2, and what the console and it share.
func (s *Server) tableTwo() map[string]map[string]route {
	naming := func(handle func(*request) (answer, *failure)) route {
		return route{handle: handle, check: (*request).checkNaming, result: true}
	}
	core := func(handle func(*request) (answer, *failure)) route { return route{handle: handle, result: true} }
	console := func(handle func(*request) (answer, *failure)) route {
		return route{handle: handle, check: (*request).checkConsole, result: true}
	}
	alive := route{handle: func(*request) (answer, *failure) { return success(ok), nil }, result: true, open: true}
	old := func(handle func(*request) (answer, *failure)) route {
		return route{handle: handle, check: (*request).checkConsole}
	}
	const (
		get, post, put, del, patch = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch
		ns                         = "/v2/ns/"
		cluster                    = "/v2/core/cluster/"
		ops                        = "/v2/core/ops/"
	)
	table := map[string]map[string]route{
		ns + "instance": {
			post: naming(s.registerForm), put: naming(s.updateForm), patch: naming(s.patchAll), del: naming(s.deregisterForm),
			get: naming(s.instanceDetail),
		},
		ns + "instance/list": {get: {handle: s.instanceList, check: (*request).checkList, result: true}},
		ns + "instance/beat": {put: {handle: s.beatPlain, check: (*request).checkBeat, result: true}},
		ns + "instance/metadata/batch": {
			put: {handle: s.batchForm(addMetadata), check: (*request).checkBatch, result: true},
			del: {handle: s.batchForm(dropMetadata), check: (*request).checkBatch, result: true},
		},
		statusesPath: {anyVerb: naming(s.statusesBelow)},

		ns + "service": {
			post: naming(s.createServiceForm), put: naming(s.updateServiceForm), del: naming(s.deleteServiceNamed),
			get: naming(s.serviceDetailNamed),
		},
		ns + "service/list":      {get: naming(s.serviceListed)},
		ns + "health":            {put: naming(s.setHealthForm)},
		ns + "health/instance":   {put: naming(s.setHealthForm)},
		ns + "catalog/instances": {anyVerb: {handle: s.catalogPage, check: (*request).checkNaming}},

		ns + "client":                         {get: naming(s.clientDetail)},
		ns + "client/list":                    {get: naming(s.clientList)},
		ns + "client/publish/list":            {get: naming(s.published)},
		ns + "client/subscribe/list":          {get: naming(s.subscribed)},
		ns + "client/service/publisher/list":  {get: naming(s.publishers)},
		ns + "client/service/subscriber/list": {get: naming(s.subscribers)},

		cluster + "node/self":        {get: core(s.nodeSelf)},
		cluster + "node/self/health": {get: core(s.nodeHealth)},
		cluster + "node/list":        {get: core(s.nodeList), put: core(s.putNodes)},
		cluster + "lookup":           {put: core(s.setLookup)},
		cluster + "nodes":            {del: core(s.deleteNodes)},
		ops + "raft":                 {post: {handle: s.raftCommand("v2.CoreOpsV2Controller")}},
		ops + "ids":                  {get: {handle: s.generatorIDs, open: true}},
		ops + "log":                  {put: {handle: s.setLogLevel}},

		"/v2/console/namespace/list":   {get: {handle: s.namespaceList, check: (*request).checkConsole, result: true, open: true}},
		"/v2/console/health/liveness":  {get: alive},
		"/v2/console/health/readiness": {get: alive},
		"/v2/console/namespace": {
			get: console(s.namespaceDetail), post: console(s.createNamespace), put: console(s.updateNamespace), del: console(s.deleteNamespace),
		},
		"/v1/console/namespaces": {
			get: {handle: s.oldNamespaces, check: (*request).checkConsole, open: true}, post: old(s.oldCreateNamespace),
			put: old(s.oldUpdateNamespace), del: old(s.oldDeleteNamespace),
		},
	}
	for _, operator := range []string{ns + "operator/", ns + "ops/"} {
		table[operator+"switches"] = map[string]route{
			get: {handle: inEnvelope(s.switches), check: (*request).checkNaming, result: true, open: true}, put: naming(s.setSwitchForm),
		}
		table[operator+"metrics"] = map[string]route{get: {handle: s.metricsBound, check: (*request).checkNaming, result: true, open: true}}
	}
	return table
}
