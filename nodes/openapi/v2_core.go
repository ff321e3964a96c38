package openapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"muster/nodes/jackson"
	"net/http"
	"slices"
	"strings"
)

// nodeSelf is GET /v2/core/cluster/node/self.
func (s *Server) nodeSelf(*request) (answer, *failure) {
	member, failed := s.ownMember()
	return success(member), failed
}

// memberStates are the states that a member can be in (Nacos: NodeState).
var memberStates = []string{"STARTING", "UP", "SUSPICIOUS", "DOWN", "ISOLATION"}

// nodeList is GET /v2/core/cluster/node/list; address is a part of an address.
func (s *Server) nodeList(r *request) (answer, *failure) {
	state := r.raw("state")
	if strings.TrimSpace(state) != "" && !slices.Contains(memberStates, strings.ToUpper(state)) {
		return nil, plain(http.StatusBadRequest, "Illegal state: "+state).as(codeState)
	}
	members, raft := []memberJSON{}, s.options.Raft()
	for _, m := range s.options.Members() {
		if strings.Contains(m.Address, r.raw("address")) && (strings.TrimSpace(state) == "" || strings.EqualFold(m.State, state)) {
			members = append(members, s.memberJSON(m, raft, raftGroups))
		}
	}
	return success(members), nil
}

// memberList is what members are put as.
var memberList = jackson.ListOf(&jackson.Type{Class: "com.alibaba.nacos.core.cluster.Member"})

// putNodes is PUT /v2/core/cluster/node/list. Members are heard of by their reports alone, so that what is put changes nothing.
func (s *Server) putNodes(r *request) (answer, *failure) {
	var nodes []json.RawMessage
	if problem := r.jsonBody("public com.alibaba.nacos.api.model.v2.Result<java.lang.Boolean> "+
		"com.alibaba.nacos.core.controller.v2.NacosClusterControllerV2.updateNodes(java.util.List<com.alibaba.nacos.core.cluster.Member>) "+
		"throws com.alibaba.nacos.api.exception.api.NacosApiException", memberList, &nodes); problem != nil {
		return nil, missing(problem.Error()).bySpring()
	}
	if len(nodes) == 0 {
		return nil, missing("required parameter 'nodes' is missing")
	}
	return success(true), nil
}

// setLookup is PUT /v2/core/cluster/lookup: where the list of members comes from. Here it comes from this node's settings, which is
// what Nacos calls a file.
func (s *Server) setLookup(r *request) (answer, *failure) {
	switch kind := r.raw("type"); {
	case !r.has("type"):
		return nil, missing("required parameter 'type' is missing")
	case kind == "file":
		return success(true), nil
	default:
		return nil, plain(http.StatusBadRequest, "The addressing mode exists : "+kind+", just support : [[FILE_CONFIG]]").as(codeInvalid)
	}
}

// deleteNodes is DELETE /v2/core/cluster/nodes, which Nacos switched off.
func (s *Server) deleteNodes(r *request) (answer, *failure) {
	p := r.parameters()
	p.need("addresses", javaList)
	if p.failed != nil {
		return nil, p.failed
	}
	return restRefusal(http.StatusMethodNotAllowed, "DELETE "+r.path+" API not allow to use temporarily."), nil
}

// nodeHealth is GET /v2/core/cluster/node/self/health. A node that answers is up.
func (s *Server) nodeHealth(*request) (answer, *failure) { return success("UP"), nil }

// raftCommand is POST /v2/core/ops/raft, and of version 1, each of which has a Java class of its own in
// "com.alibaba.nacos.core.controller". All groups of Nacos are one here, so that a command for one is a command for all.
func (s *Server) raftCommand(class string) handler {
	method := "public com.alibaba.nacos.common.model.RestResult<java.lang.String> com.alibaba.nacos.core.controller." + class +
		".raftOps(java.util.Map<java.lang.String, java.lang.String>)"
	return func(r *request) (answer, *failure) { return s.commandRaft(r, method) }
}

// commandRaft carries out a command that is read by a Java method.
func (s *Server) commandRaft(r *request, method string) (answer, *failure) {
	var command map[string]*string
	if problem := r.jsonBody(method, jackson.TextsType, &command); problem != nil {
		return nil, r.restFailureOf(problem).bySpring()
	}
	text := func(name string) string {
		if value := command[name]; value != nil {
			return *value
		}
		return "null"
	}
	group := ""
	if _, named := command["groupId"]; named {
		group = text("groupId")
	}
	err := s.operate(r, group, text("command"), text("value"))
	if err == nil {
		return result(nil), nil
	}
	return restRefusal(http.StatusInternalServerError, err.Error()), nil
}

// generatorIDs is GET /v2/core/ops/ids: there are no generators of ids.
func (s *Server) generatorIDs(*request) (answer, *failure) { return result([]string{}), nil }

// logLevel is what a level is set by.
var logLevel = &jackson.Type{Class: "com.alibaba.nacos.core.model.request.LogUpdateRequest", Fields: map[string]*jackson.Type{
	"logName": jackson.TextType, "logLevel": jackson.TextType,
}}

// setLogLevel is PUT /v2/core/ops/log. Nacos ignores a logger that it does not know; none of its loggers is here.
func (s *Server) setLogLevel(r *request) (answer, *failure) {
	var level struct{ LogName, LogLevel string }
	if problem := r.jsonBody("public com.alibaba.nacos.common.model.RestResult<java.lang.Void> com.alibaba.nacos.core.controller.v2."+
		"CoreOpsV2Controller.updateLog(com.alibaba.nacos.core.model.request.LogUpdateRequest)", logLevel, &level); problem != nil {
		return nil, r.restFailureOf(problem).bySpring()
	}
	return result(nil), nil
}

// jsonBody reads a body that must be JSON, and says what is wrong with it (Spring: RequestResponseBodyMethodProcessor). method is
// the Java method that Spring misses it for, as the Java type that it reads.
func (r *request) jsonBody(method string, as *jackson.Type, into any) error {
	media := r.Header.Get("Content-Type")
	if media != "" && !strings.Contains(media, "json") {
		if !strings.Contains(media, "charset") {
			media += ";charset=UTF-8"
		}
		return errors.New("Content type '" + media + "' not supported")
	}
	if len(bytes.TrimSpace(r.body)) == 0 {
		return errors.New("Required request body is missing: " + method)
	}
	if err := decodeJSON(string(r.body), into); err != nil {
		return unreadable{unread(string(r.body), jackson.FromBody, as, err)}
	}
	return nil
}

// simpleNodes is GET /v1/core/cluster/simple/nodes: the members' addresses.
func (s *Server) simpleNodes(*request) (answer, *failure) {
	addresses := []string{}
	for _, m := range s.options.Members() {
		addresses = append(addresses, m.Address)
	}
	return result(addresses), nil
}
