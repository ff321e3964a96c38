package openapi

import (
	"encoding/json"
	"net/http"

	"muster/nodes/jackson"
)

// reported is what a member says of itself (Nacos: core/cluster/Member).
var reported = &jackson.Type{Class: "com.alibaba.nacos.core.cluster.Member", Fields: map[string]*jackson.Type{
	"ip": jackson.TextType, "port": jackson.IntType, "address": jackson.TextType,
}}

// report is POST /v1/core/cluster/report. Members report to each other over gRPC, where they prove who they are: what is said here changes
// nothing, and is answered with this node's own state.
func (s *Server) report(r *request) (answer, *failure) {
	var member struct {
		Address string
		Port    jackson.Int
	}
	if problem := r.jsonBody("public com.alibaba.nacos.common.model.RestResult<java.lang.String> "+
		"com.alibaba.nacos.core.controller.NacosClusterController.report(com.alibaba.nacos.core.cluster.Member)", reported, &member); problem != nil {
		return nil, r.restFailureOf(problem)
	}
	if member.Address == "" || member.Port == 0 {
		return restRefusal(http.StatusBadRequest, "Node information is illegal"), nil
	}
	self, failed := s.ownMember()
	if failed != nil {
		return nil, failed
	}
	text, err := json.Marshal(self)
	if err != nil {
		return nil, plain(http.StatusInternalServerError, "caused: "+err.Error()+";")
	}
	return result(string(text)), nil
}

// switchLookup is POST /v1/core/cluster/switch/lookup, the older form of setLookup.
func (s *Server) switchLookup(r *request) (answer, *failure) {
	kind, failed := r.oldNeed("type")
	switch {
	case failed != nil:
		return nil, failed
	case kind == "file":
		return result(nil), nil
	case kind == "address-server": // nothing was set up that could be asked
		return restRefusal(http.StatusInternalServerError, "java.net.UnknownHostException: jmenv.tbsite.net"), nil
	}
	return restRefusal(http.StatusInternalServerError, "The addressing mode exists : "+kind+", just support : [[file, address-server]]"), nil
}

// oldGenerators is GET /v1/core/ops/idInfo: there are no generators of ids.
func (s *Server) oldGenerators(*request) (answer, *failure) { return result(struct{}{}), nil }

// oldCoreLog is PUT /v1/core/ops/log: none of Nacos's loggers is here.
func (s *Server) oldCoreLog(r *request) (answer, *failure) {
	for _, name := range []string{"logName", "logLevel"} {
		if _, failed := r.oldNeed(name); failed != nil {
			return nil, failed
		}
	}
	return "200", nil
}

// operatorLog is PUT /v1/ns/operator/log: none of Nacos's loggers is here, and it ignores one that it does not know.
func (s *Server) operatorLog(r *request) (answer, *failure) {
	for _, name := range []string{"logName", "logLevel"} {
		if _, failed := r.bound(name); failed != nil {
			return nil, failed
		}
	}
	return ok, nil
}

// restRefusal is a refusal that comes with the status of a success.
func restRefusal(code int, why string) restResult { return restResult{Code: code, Message: &why} }
