package openapi

import (
	"math"
	"net/http"
	"runtime"
	"strconv"

	"muster/model"
	"muster/nodes/jackson"
	"muster/nodes/push"
	"muster/nodes/registry"
)

// versionOne is the release of Nacos 1.x that this API is like.
const versionOne = "1.4.8"

// raftGroupsOne are the names of its Raft groups.
var raftGroupsOne = []string{"nacos_config", "naming_persistent_service"}

// catalogInstancesOne is GET /catalog/instances.
func (s *Server) catalogInstancesOne(r *request) (answer, *failure) {
	info, known, failed := s.serviceNamed(r)
	if failed != nil {
		return nil, failed
	}
	cluster, failed := r.needOne("clusterName", javaString)
	if failed != nil {
		return nil, failed
	}
	var page [2]int
	for i, name := range []string{"pageNo", "pageSize"} {
		text, failed := r.needOne(name, "int")
		if failed != nil {
			return nil, failed
		}
		var err error
		if page[i], err = parseJavaInt(text); err != nil {
			return nil, conversion("int", "java.lang.NumberFormatException: "+err.Error(), err.Error())
		}
	}
	if !known {
		return nil, exception("service " + info.Service.GroupedName() + " is not found!")
	}
	hosts, there := []*registry.Host{}, false
	for _, name := range s.clustersOne(info) {
		there = there || name == cluster
	}
	if !there {
		return nil, exception("cluster " + cluster + " is not found!")
	}
	for _, h := range s.options.Registry.View(info.Service).Hosts {
		if h.Cluster == cluster {
			hosts = append(hosts, h)
		}
	}
	b := s.appendInstancesOne([]byte(`{"list":`), info.Service, onPage(hosts, page[0], page[1]))
	b = strconv.AppendInt(append(b, `,"count":`...), int64(len(hosts)), 10)
	return rawJSON(append(b, '}')), nil
}

// appendInstancesOne writes instances as they are, with what only Nacos 1.x shows (naming/core/Instance).
func (s *Server) appendInstancesOne(b []byte, service model.Service, hosts []*registry.Host) []byte {
	b = append(b, '[')
	for i, h := range hosts {
		if i > 0 {
			b = append(b, ',')
		}
		one := push.AppendHosts(nil, service, []*registry.Host{h})
		id := s.options.Registry.InstanceClient(service, h.IP, h.Port, h.Cluster, h.Ephemeral)
		b = append(b, one[1:len(one)-2]...) // without the brackets of the list and the last of the object
		b = strconv.AppendInt(append(b, `,"lastBeat":`...), s.options.Registry.LastBeat(service, id).UnixMilli(), 10)
		b = append(jackson.AppendText(append(b, `,"marked":false,"app":`...), h.App), '}')
	}
	return append(b, ']')
}

// catalogServiceOne is GET /catalog/service.
func (s *Server) catalogServiceOne(r *request) (answer, *failure) {
	info, known, failed := s.serviceNamed(r)
	if failed != nil {
		return nil, failed
	}
	if !known {
		return nil, exception("service " + info.Service.GroupedName() + " is not found!")
	}
	type cluster struct {
		Service    string            `json:"serviceName"`
		Name       string            `json:"name"`
		Checker    checkerJSON       `json:"healthChecker"`
		Port       int               `json:"defaultPort"`
		CheckPort  int               `json:"defaultCheckPort"`
		UsePort    bool              `json:"useIPPort4Check"`
		Metadata   map[string]string `json:"metadata"`
		SiteGroup  string            `json:"sitegroup"`
		CheckPort2 int               `json:"defCkport"`
		Empty      bool              `json:"empty"`
		Port2      int               `json:"defIPPort"`
	}
	type detail struct {
		Name      string            `json:"name"`
		Threshold float             `json:"protectThreshold"`
		Group     string            `json:"groupName"`
		Selector  selectorOneJSON   `json:"selector"`
		Metadata  map[string]string `json:"metadata"`
	}
	metadata, counts := metadataOf(info), map[string]int{}
	for _, h := range s.options.Registry.View(info.Service).Hosts {
		counts[h.Cluster]++
	}
	clusters := []cluster{}
	for _, name := range s.clustersOne(info) {
		set := clusterOf(metadata, name)
		clusters = append(clusters, cluster{
			Service: info.Service.GroupedName(), Name: name, Checker: checkerJSON(set.Checker), Port: defaultCheckPort, Port2: defaultCheckPort,
			CheckPort: set.CheckPort, CheckPort2: set.CheckPort, UsePort: set.UseInstancePort, Metadata: notNil(set.Extend), Empty: counts[name] == 0,
		})
	}
	return struct {
		Service  detail    `json:"service"`
		Clusters []cluster `json:"clusters"`
	}{
		detail{
			info.Service.Name, float(metadata.ProtectThreshold), info.Service.Group, selectorOneJSON(metadata.Selector), notNil(metadata.Extend),
		}, clusters,
	}, nil
}

// catalogPaceOne is GET /catalog/rt/service: how long health checks take, and how often they are. No cluster's pace is kept, so each is
// as one that has not been checked yet.
func (s *Server) catalogPaceOne(r *request) (answer, *failure) {
	info, known, failed := s.serviceNamed(r)
	if failed != nil {
		return nil, failed
	}
	if !known {
		return nil, plain(http.StatusBadRequest, "request service doesn't exist")
	}
	type pace struct {
		Name  string `json:"name"`
		Best  int64  `json:"checkRTBest"`
		Worst int64  `json:"checkRTWorst"`
		Now   int64  `json:"checkRTNormalized"`
	}
	clusters, least := []pace{}, int64(s.options.Registry.Switches().TCPHealth.Min)
	for _, name := range s.clustersOne(info) {
		clusters = append(clusters, pace{Name: name, Best: math.MaxInt64, Now: least})
	}
	return map[string][]pace{"clusters": clusters}, nil
}

// metricsOne is GET /operator/metrics. Raft has no queue of tasks to tell of.
func (s *Server) metricsOne(*request) (answer, *failure) {
	counts := s.options.Registry.Counts()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	return struct {
		Status               string `json:"status"`
		Services             int    `json:"serviceCount"`
		Instances            int    `json:"instanceCount"`
		RaftTasks            int    `json:"raftNotifyTaskCount"`
		ResponsibleServices  int    `json:"responsibleServiceCount"`
		ResponsibleInstances int    `json:"responsibleInstanceCount"`
		CPU                  double `json:"cpu"`
		Load                 double `json:"load"`
		Memory               double `json:"mem"`
	}{
		statusUp, counts.Services, counts.Instances, 0, s.options.Registry.CountServices(func(service model.Service) bool {
			return s.options.Owner(service.GroupedName()) == s.options.Self
		}), counts.ResponsibleInstances, -1, -1, double(float64(memory.HeapInuse) / float64(memory.HeapSys)),
	}, nil
}

// setSwitchOne is PUT /operator/switches. With debug=true Nacos sets a switch at this node alone; here all switches are the cluster's.
func (s *Server) setSwitchOne(r *request) (answer, *failure) {
	entry, failed := r.needOne("entry", javaString)
	if failed != nil {
		return nil, failed
	}
	value, failed := r.needOne("value", javaString)
	if failed != nil {
		return nil, failed
	}
	return ok, s.turnSwitch(r, entry, value, http.StatusBadRequest)
}

// memberOneJSON is a member as Nacos 1.x shows it.
type memberOneJSON struct {
	IP       string         `json:"ip"`
	Port     int            `json:"port"`
	State    string         `json:"state"`
	Extend   map[string]any `json:"extendInfo"`
	Address  string         `json:"address"`
	Failures int            `json:"failAccessCnt"`
}

// membersOne are the members that match.
func (s *Server) membersOne(matches func(Member) bool) []memberOneJSON {
	members, raft := []memberOneJSON{}, s.options.Raft()
	for _, m := range s.options.Members() {
		if matches(m) {
			shown := s.memberJSON(m, raft, raftGroupsOne)
			members = append(members, memberOneJSON{shown.IP, shown.Port, shown.State, map[string]any{
				"lastRefreshTime": shown.Extend["lastRefreshTime"], "raftMetaData": shown.Extend["raftMetaData"],
				"raftPort": shown.Extend["raftPort"], "version": versionOne,
			}, shown.Address, shown.Failures})
		}
	}
	return members
}

func anyMember(Member) bool { return true }

// serversOne is GET /operator/servers.
func (s *Server) serversOne(r *request) (answer, *failure) {
	onlyUp := equalsTrue(r.optional("healthy", "false"))
	return map[string][]memberOneJSON{"servers": s.membersOne(func(m Member) bool { return !onlyUp || m.State == statusUp })}, nil
}

// serverStatusOne is GET /operator/server/status, by which members reported before 1.4.0.
func (s *Server) serverStatusOne(r *request) (answer, *failure) {
	_, failed := r.needOne("serverStatus", javaString)
	return ok, failed
}

// distroStatusOne is GET /operator/distro/status.
func (s *Server) distroStatusOne(r *request) (answer, *failure) {
	if r.optional("action", "view") != "view" {
		return map[string]string{}, nil
	}
	return map[string][]memberOneJSON{"status": s.membersOne(anyMember)}, nil
}

// distroServerOne is GET /operator/distro/server: who is responsible for a service.
func (s *Server) distroServerOne(r *request) (answer, *failure) {
	info, known, failed := s.serviceNamed(r)
	if failed != nil {
		return nil, failed
	}
	if !known {
		return nil, plain(http.StatusBadRequest, "service not found")
	}
	return map[string]string{"responsibleServer": s.options.Owner(info.Service.GroupedName())}, nil
}

// setLogOne is PUT /operator/log. What this node logs is settled when it starts.
func (s *Server) setLogOne(r *request) (answer, *failure) {
	for _, name := range []string{"logName", "logLevel"} {
		if _, failed := r.needOne(name, javaString); failed != nil {
			return nil, failed
		}
	}
	return ok, nil
}

// clusterSelfOne is GET /v1/core/cluster/self.
func (s *Server) clusterSelfOne(*request) (answer, *failure) {
	for _, m := range s.membersOne(func(m Member) bool { return m.Address == s.options.Self }) {
		return result(m), nil
	}
	return nil, exception("this node is no member of its cluster")
}

// clusterNodesOne is GET /v1/core/cluster/nodes.
func (s *Server) clusterNodesOne(r *request) (answer, *failure) {
	return result(s.membersOne(func(m Member) bool { return hasKeyword(m, r.raw("keyword")) })), nil
}

// clusterReportOne is POST /v1/core/cluster/report. Members of this cluster report otherwise (package membership).
func (s *Server) clusterReportOne(*request) (answer, *failure) {
	problem := "Node information is illegal"
	return restResult{Code: http.StatusBadRequest, Message: &problem}, nil
}

// serverStateOne is GET /v1/console/server/state.
func (s *Server) serverStateOne(*request) (answer, *failure) {
	mode := "standalone"
	if len(s.options.Members()) > 1 {
		mode = "cluster"
	}
	return map[string]string{"version": versionOne, "standalone_mode": mode, "function_mode": "naming"}, nil
}

// namespacesOne is GET /v1/console/namespaces; one that is unknown fails without words.
func (s *Server) namespacesOne(r *request) (answer, *failure) {
	s.catchUp(r) // in Nacos all members read one table
	if r.raw("show") == "all" {
		if _, made := s.namespaceOf(r.raw("namespaceId")); !made {
			return nil, exception("")
		}
	}
	return s.oldNamespaces(r)
}
