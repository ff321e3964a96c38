package openapi

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"muster/model"
	"muster/nodes/jackson"
	"muster/nodes/registry"
)

// raftCommandForm is a command as Nacos 3 reads it.
var raftCommandForm = &jackson.Type{Class: "com.alibaba.nacos.core.model.form.v3.RaftCommandForm", Fields: map[string]*jackson.Type{
	"groupId": jackson.TextType, "command": jackson.TextType, "value": jackson.TextType,
}}

// raftForm is POST /v3/admin/core/ops/raft. Nacos 3 tells of success whatever came of the command; here one that was refused says why.
func (s *Server) raftForm(r *request) (answer, *failure) {
	var command struct{ GroupID, Command, Value string }
	if problem := r.jsonBody("com.alibaba.nacos.core.controller.v3.CoreOpsControllerV3.raftOps", raftCommandForm, &command); problem != nil {
		return nil, thrown(problem.Error())
	}
	for _, field := range []struct{ name, value string }{{"command", command.Command}, {"value", command.Value}} {
		if strings.TrimSpace(field.value) == "" {
			return nil, missing("Required parameter '" + field.name + "' type String is not present")
		}
	}
	if err := s.operate(r, command.GroupID, command.Command, command.Value); err != nil {
		return nil, plain(http.StatusInternalServerError, err.Error())
	}
	return success(nil), nil
}

// operate carries out an operator's command for a Raft group. All groups of Nacos are one here, so that a command for one, or for "", is
// a command for all.
func (s *Server) operate(r *request, group, command, value string) error {
	switch {
	case group != "" && !slices.Contains(raftGroups, group):
		return errors.New("not this raft group : " + group)
	case !slices.Contains(s.options.RaftOperations, command):
		return errors.New("Not support command : " + command)
	}
	return s.options.Operate(r.Context(), command, value)
}

// setCoreLog is PUT /v3/admin/core/ops/log: none of Nacos's loggers is here.
func (s *Server) setCoreLog(r *request) (answer, *failure) {
	if _, failed := s.setLogLevel(r); failed != nil {
		return nil, thrown(failed.text)
	}
	return success(nil), nil
}

// named3 is a namespace as version 3 shows it, whose id is never blank.
func named3(n namespaceJSON) namespaceJSON {
	if n.ID == "" {
		n.ID = model.DefaultNamespace
	}
	return n
}

// namespaces3 is GET /v3/admin/core/namespace/list.
func (s *Server) namespaces3(*request) (answer, *failure) {
	list := s.allNamespaces()
	for i := range list {
		list[i] = named3(list[i])
	}
	return success(list), nil
}

// namespace3 is GET /v3/admin/core/namespace.
func (s *Server) namespace3(r *request) (answer, *failure) {
	p := r.parameters()
	id := p.text("namespaceId")
	if p.failed != nil {
		return nil, p.failed
	}
	if id == model.DefaultNamespace {
		id = ""
	}
	n, made := s.namespaceOf(id)
	if !made {
		return nil, plain(http.StatusNotFound, "namespaceId [ "+id+" ] not exist").as(codeNamespaceUnknown)
	}
	return success(named3(n)), nil
}

// namespaceForm3 reads a namespace's id and name; the id may be absent. public is always there.
func (r *request) namespaceForm3() (id, name string, failed *failure) {
	id, name = strings.TrimSpace(r.raw("namespaceId")), r.raw("namespaceName")
	switch {
	case name == "":
		return "", "", missing("required parameter 'namespaceName' is missing")
	case id == "":
		return newNamespaceID(), name, nil
	case id == model.DefaultNamespace:
		return "", "", namespaceExists(id)
	}
	return id, name, nil
}

// changeNamespace3 is POST and PUT /v3/admin/core/namespace.
func (s *Server) changeNamespace3(kind registry.CommandKind) func(*request) (answer, *failure) {
	return func(r *request) (answer, *failure) {
		id, name, failed := r.namespaceForm3()
		if failed != nil {
			return nil, failed
		}
		return success(true), s.changeNamespace(r, kind, id, name)
	}
}

// namespaceCount is GET /v3/admin/core/namespace/check: how many namespaces have this id.
func (s *Server) namespaceCount(r *request) (answer, *failure) {
	p := r.parameters()
	id := p.text("namespaceId")
	if p.failed != nil {
		return nil, p.failed
	}
	if _, made := s.options.Registry.Namespace(id); made || id == model.DefaultNamespace {
		return success(1), nil
	}
	return success(0), nil
}

// moved is one of the loader's commands in an envelope that holds nothing.
func moved(handle func(*request) (answer, *failure)) func(*request) (answer, *failure) {
	return func(r *request) (answer, *failure) {
		said, failed := handle(r)
		switch {
		case failed != nil:
			told := *failed
			told.form = formThrown
			return nil, &told
		case said == "fail":
			return envelope{Code: codeServer, Message: codeNames[codeServer], Data: "Smart reload failed, please try again later."}, nil
		}
		return success(nil), nil
	}
}

// tableCore3 lists what operators may ask of version 3 about the cluster.
func (s *Server) tableCore3() map[string]map[string]route {
	core := func(handle func(*request) (answer, *failure)) route { return route{handle: handle, result: true} }
	console := func(handle func(*request) (answer, *failure)) route {
		return route{handle: handle, check: (*request).checkConsole, result: true}
	}
	open := func(handle func(*request) (answer, *failure)) route {
		return route{handle: handle, result: true, open: true}
	}
	alive := open(func(*request) (answer, *failure) { return success(ok), nil })
	const (
		get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
		base                = "/v3/admin/core/"
	)
	return map[string]map[string]route{
		base + "cluster/node/self":        {get: core(s.nodeSelf)},
		base + "cluster/node/self/health": {get: core(s.nodeHealth)},
		base + "cluster/node/list":        {get: core(s.nodeList), put: core(s.putNodes)},
		base + "cluster/lookup":           {put: core(s.setLookup)},

		base + "ops/raft": {post: core(s.raftForm)},
		base + "ops/ids":  {get: core(func(*request) (answer, *failure) { return success([]string{}), nil })},
		base + "ops/log":  {put: core(s.setCoreLog)},

		base + "loader/current":            {get: core(inEnvelope(s.connections))},
		base + "loader/cluster":            {get: core(inEnvelope(s.loads))},
		base + "loader/reloadClient":       {post: core(moved(s.resetClient))},
		base + "loader/reloadCurrent":      {post: core(moved(s.remainClients))},
		base + "loader/smartReloadCluster": {post: core(moved(s.balance))},

		base + "namespace": {
			get: console(s.namespace3), post: console(s.changeNamespace3(registry.CreateNamespace)),
			put: console(s.changeNamespace3(registry.UpdateNamespace)), del: console(s.deleteNamespace),
		},
		base + "namespace/list":  {get: console(s.namespaces3)},
		base + "namespace/check": {get: console(s.namespaceCount)},

		base + "state":           {get: open(inEnvelope(s.serverState))},
		base + "state/liveness":  {get: alive},
		base + "state/readiness": {get: alive},
	}
}

// tableThree lists version 3.
func (s *Server) tableThree() map[string]map[string]route {
	table := s.tableClient3()
	maps.Copy(table, s.tableAdmin3())
	maps.Copy(table, s.tableCore3())
	return table
}
