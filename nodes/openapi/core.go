package openapi

import (
	"net"
	"net/http"
	"strconv"
	"strings"

	"muster/nodes/jackson"
)

// version is the release of Nacos that this API is like.
const version = "2.5.1"

// raftGroups are the names of Nacos's Raft groups. This node has one, which it shows under all of them.
var raftGroups = []string{
	"nacos_config", "naming_instance_metadata", "naming_persistent_service", "naming_persistent_service_v2", "naming_service_metadata",
}

// memberJSON is a member of the cluster (Nacos: core/cluster/Member).
type memberJSON struct {
	IP        string         `json:"ip"`
	Port      int            `json:"port"`
	State     string         `json:"state"`
	Extend    map[string]any `json:"extendInfo"`
	Address   string         `json:"address"`
	Failures  int            `json:"failAccessCnt"`
	Abilities any            `json:"abilities"`
	GRPC      bool           `json:"grpcReportEnabled"`
}

// abilities of every member (Nacos: ServerAbilities).
var abilities = map[string]map[string]bool{
	"remoteAbility": {"supportRemoteConnection": true, "grpcReportEnabled": true},
	"configAbility": {"supportRemoteMetrics": false},
	"namingAbility": {"supportJraft": true},
}

func (s *Server) memberJSON(m Member, raft RaftGroup, names []string) memberJSON {
	host, text, err := net.SplitHostPort(m.Address)
	port, portErr := strconv.Atoi(text)
	if err != nil || portErr != nil {
		host, port = m.Address, 0
	}
	type group struct {
		Leader  string   `json:"leader"`
		Members []string `json:"raftGroupMember"`
		Term    uint64   `json:"term"`
	}
	groups := make(map[string]group, len(names))
	for _, name := range names {
		groups[name] = group{raft.Leader, raft.Members, raft.Term}
	}
	return memberJSON{
		IP: host, Port: port, State: m.State, Address: m.Address, Failures: m.Failures, Abilities: abilities, GRPC: true,
		Extend: map[string]any{
			"lastRefreshTime": m.Refreshed.UnixMilli(), "raftMetaData": map[string]any{"metaDataMap": groups},
			"raftPort": strconv.Itoa(port - 1000), "readyToUpgrade": true, "supportGrayModel": true, "version": version,
		},
	}
}

// clusterSelf is GET /v1/core/cluster/self.
func (s *Server) clusterSelf(*request) (answer, *failure) {
	member, failed := s.ownMember()
	return result(member), failed
}

// ownMember is this node among the members.
func (s *Server) ownMember() (memberJSON, *failure) {
	for _, m := range s.options.Members() {
		if m.Address == s.options.Self {
			return s.memberJSON(m, s.options.Raft(), raftGroups), nil
		}
	}
	return memberJSON{}, plain(http.StatusInternalServerError, "caused: this node is no member of its cluster;")
}

// clusterNodes is GET /v1/core/cluster/nodes; keyword is the beginning of an address.
func (s *Server) clusterNodes(r *request) (answer, *failure) {
	members, raft := []memberJSON{}, s.options.Raft()
	for _, m := range s.options.Members() {
		if hasKeyword(m, r.raw("keyword")) {
			members = append(members, s.memberJSON(m, raft, raftGroups))
		}
	}
	return result(members), nil
}

// hasKeyword says whether a member's address begins so.
func hasKeyword(m Member, keyword string) bool { return strings.HasPrefix(m.Address, keyword) }

// clusterHealth is GET /v1/core/cluster/health: this node's own state. A node that answers is up.
func (s *Server) clusterHealth(*request) (answer, *failure) { return result("UP"), nil }

// clusterLeave is POST /v1/core/cluster/server/leave, which Nacos switched off.
func (s *Server) clusterLeave(r *request) (answer, *failure) {
	var members []string
	if problem := r.jsonBody("public com.alibaba.nacos.common.model.RestResult<java.lang.String> "+
		"com.alibaba.nacos.core.controller.NacosClusterController.leave(java.util.Collection<java.lang.String>,java.lang.Boolean) "+
		"throws java.lang.Exception", jackson.ListOf(jackson.TextType), &members); problem != nil {
		return nil, r.restFailureOf(problem)
	}
	return restRefusal(http.StatusMethodNotAllowed, r.path+" API not allow to use temporarily."), nil
}

// alive is GET /v1/console/health/liveness and readiness.
func (s *Server) alive(*request) (answer, *failure) { return "OK", nil }
