package openapi

import (
	"net/http"
	"slices"
	"strings"

	"muster/model"
	"muster/nodes/push"
	"muster/nodes/registry"
)

// instancesAll is GET /v3/admin/ns/instance/list: the instances of a service as they are, disabled ones too.
func (s *Server) instancesAll(r *request) (answer, *failure) {
	service, failed := r.listForm()
	if failed != nil {
		return nil, failed
	}
	if _, known := s.options.Registry.Service(service); !known {
		return nil, plain(http.StatusNotFound, "service "+service.GroupedName()+" is not found!")
	}
	view, failed := s.view(r, service)
	if failed != nil {
		return nil, failed
	}
	cluster := r.optional("clusterName", "")
	if cluster != "" && !slices.Contains(clustersOf(view), cluster) {
		return nil, plain(http.StatusNotFound, "cluster "+cluster+" is not found!")
	}
	healthyOnly := r.flag("healthyOnly", false)
	var hosts []*registry.Host
	for _, h := range view.Hosts {
		if (cluster == "" || h.Cluster == cluster) && (h.Healthy || !healthyOnly) {
			hosts = append(hosts, h)
		}
	}
	return successJSON(push.AppendHosts(nil, service, hosts)), nil
}

// instanceWhole is GET /v3/admin/ns/instance: an instance with all its fields.
func (s *Server) instanceWhole(r *request) (answer, *failure) {
	service, p, _, failed := s.instanceForm(r)
	if failed != nil {
		return nil, failed
	}
	host, failed := s.find(r, service, p.IP, p.Port, p.Cluster)
	if failed != nil {
		return nil, failed
	}
	one := push.AppendHosts(nil, service, []*registry.Host{host})
	return successJSON(one[1 : len(one)-1]), nil
}

// patchForm is PUT /v3/admin/ns/instance/partial: it changes the operator's metadata that are given and keeps the others. Nacos 3.0
// fills gaps in the form with defaults first, so that whatever is left out is reset.
func (s *Server) patchForm(r *request) (answer, *failure) {
	service, p, _, failed := s.instanceForm(r)
	if failed != nil {
		return nil, failed
	}
	return success(ok), s.coverPart(r, service, p.IP, p.Port, p.Cluster, []func(*registry.InstanceMetadata){func(m *registry.InstanceMetadata) {
		if r.optional("metadata", "") != "" {
			m.Extend = p.Metadata
		}
		if compact(r.raw("weight")) != "" {
			m.Weight = p.Weight
		}
		if compact(r.raw("enabled")) != "" {
			m.Enabled = p.Enabled
		}
	}})
}

// deleteServiceForm is DELETE /v3/admin/ns/service.
func (s *Server) deleteServiceForm(r *request) (answer, *failure) {
	service, _, failed := r.serviceForm()
	if failed != nil {
		return nil, failed
	}
	return success(ok), s.dropService(r, service)
}

// clusterInfo is a cluster of a service in version 3 (Nacos: pojo/maintainer/ClusterInfo).
type clusterInfo struct {
	Name            string            `json:"clusterName"`
	Checker         checkerJSON       `json:"healthChecker"`
	CheckPort       int               `json:"healthyCheckPort"`
	UseInstancePort bool              `json:"useInstancePortForCheck"`
	Metadata        map[string]string `json:"metadata"`
	// Hosts are the instances, where they were asked for.
	Hosts rawJSON `json:"hosts"`
}

// MarshalJSON leaves it as it is.
func (j rawJSON) MarshalJSON() ([]byte, error) {
	if j == nil {
		return []byte("null"), nil
	}
	return j, nil
}

// serviceInfo is a service in version 3 (Nacos: pojo/maintainer/ServiceDetailInfo).
type serviceInfo struct {
	Namespace string                 `json:"namespaceId"`
	Name      string                 `json:"serviceName"`
	Group     string                 `json:"groupName"`
	Clusters  map[string]clusterInfo `json:"clusterMap"`
	Metadata  map[string]string      `json:"metadata"`
	Threshold float                  `json:"protectThreshold"`
	Selector  selectorJSON           `json:"selector"`
	Ephemeral bool                   `json:"ephemeral"`
}

// serviceInfo describes a service and its clusters, with their instances if these are wanted.
func (s *Server) serviceInfo(info registry.ServiceInfo, withInstances bool) serviceInfo {
	service, metadata := info.Service, metadataOf(info)
	view := s.options.Registry.View(service)
	clusters := map[string]clusterInfo{}
	for _, name := range clustersOf(view) {
		set := clusterOf(metadata, name)
		cluster := clusterInfo{
			Name: name, Checker: checkerJSON(set.Checker), CheckPort: set.CheckPort, UseInstancePort: set.UseInstancePort, Metadata: notNil(set.Extend),
		}
		if withInstances {
			hosts := slices.DeleteFunc(slices.Clone(view.Hosts), func(h *registry.Host) bool { return h.Cluster != name })
			cluster.Hosts = push.AppendHosts(nil, service, hosts)
		}
		clusters[name] = cluster
	}
	return serviceInfo{
		service.Namespace, service.Name, service.Group, clusters, notNil(metadata.Extend), float(metadata.ProtectThreshold),
		selectorJSON(metadata.Selector), info.Ephemeral,
	}
}

// serviceWhole is GET /v3/admin/ns/service.
func (s *Server) serviceWhole(r *request) (answer, *failure) {
	service, _, failed := r.serviceForm()
	if failed != nil {
		return nil, failed
	}
	info, failed := s.infoOf(service)
	if failed != nil {
		return nil, failed
	}
	return success(s.serviceInfo(info, false)), nil
}

// pageJSON is a page of a list (Nacos: api/model/Page).
type pageJSON struct {
	Total  int `json:"totalCount"`
	Number int `json:"pageNumber"`
	Pages  int `json:"pagesAvailable"`
	Items  any `json:"pageItems"`
}

// defaultPageSize is that of version 3 (Nacos: PageForm).
const defaultPageSize = 100

// paged cuts the page that a request wants out of a list (Nacos: PageForm and PageUtil.subPage).
func paged[T any](r *request, all []T) (page []T, shown pageJSON, failed *failure) {
	if failed := r.bindForm("pageForm", map[string]javaType{"pageNo": javaInteger, "pageSize": javaInteger}); failed != nil {
		return nil, shown, failed
	}
	number, size := 1, defaultPageSize
	if text := compact(r.raw("pageNo")); text != "" {
		number = number0(text)
	}
	if text := compact(r.raw("pageSize")); text != "" {
		size = number0(text)
	}
	for _, given := range []struct {
		name  string
		value int
	}{{"pageNo", number}, {"pageSize", size}} {
		if given.value < 1 {
			return nil, shown, plain(http.StatusBadRequest, "Required parameter '"+given.name+"' should be positive integer").as(codeInvalid)
		}
	}
	return onPage(all, number, size), pageJSON{Total: len(all), Number: number, Pages: (len(all) + size - 1) / size}, nil
}

// servicesPaged is GET /v3/admin/ns/service/list: the services whose names and groups contain what is given; with withInstances=true
// as their details.
func (s *Server) servicesPaged(r *request) (answer, *failure) {
	if failed := r.bindForm("serviceListForm", map[string]javaType{"ignoreEmptyService": javaBool, "withInstances": javaBool}); failed != nil {
		return nil, failed
	}
	var services []registry.ServiceInfo
	for _, info := range s.options.Registry.Services(r.namespace()) {
		if strings.Contains(info.Service.Name, r.raw("serviceNameParam")) && strings.Contains(info.Service.Group, r.raw("groupNameParam")) &&
			(info.Instances > 0 || !r.flag("ignoreEmptyService", false)) {
			services = append(services, info)
		}
	}
	page, shown, failed := paged(r, services)
	if failed != nil {
		return nil, failed
	}
	if r.flag("withInstances", false) {
		details := []serviceInfo{}
		for _, info := range page {
			details = append(details, s.serviceInfo(info, true))
		}
		shown.Items = details
		return success(shown), nil
	}
	lines := []serviceLine{}
	for _, info := range page {
		lines = append(lines, s.serviceLine(info))
	}
	shown.Items = lines
	return success(shown), nil
}

// subscribersPaged is GET /v3/admin/ns/service/subscribers.
func (s *Server) subscribersPaged(r *request) (answer, *failure) {
	if failed := r.bindForm("aggregationForm", map[string]javaType{"aggregation": javaBool}); failed != nil {
		return nil, failed
	}
	if failed := r.requireFields(serviceNameField); failed != nil {
		return nil, failed
	}
	service := r.composite(r.raw("serviceName"))
	subscribers := s.subscribersHere(service)
	if r.flag("aggregation", true) {
		r.values.Set("serviceName", service.GroupedName())
		subscribers = s.subscribersAtPeers(r, subscribers)
	}
	slices.SortFunc(subscribers, compareSubscribers)
	page, shown, failed := paged(r, subscribers)
	if failed != nil {
		return nil, failed
	}
	type line struct {
		Namespace string `json:"namespaceId"`
		Group     string `json:"groupName"`
		Service   string `json:"serviceName"`
		IP        string `json:"ip"`
		Port      int    `json:"port"`
		Agent     string `json:"agent"`
		App       string `json:"appName"`
		Address   string `json:"address"`
	}
	lines := []line{}
	for _, one := range page {
		group, name, _ := strings.Cut(one.Service, "@@")
		lines = append(lines, line{one.Namespace, group, name, one.IP, one.Port, one.Agent, one.App, registry.Tag(one.IP, one.Port)})
	}
	shown.Items = lines
	return success(shown), nil
}

// setClusterForm is PUT /v3/admin/ns/cluster.
func (s *Server) setClusterForm(r *request) (answer, *failure) {
	failed := r.bindForm("updateClusterForm", map[string]javaType{"checkPort": javaInteger, "useInstancePort4Check": javaBoolean})
	if failed != nil {
		return nil, failed
	}
	if failed := r.requireFields(
		serviceNameField, formField{"clusterName", javaString}, formField{"checkPort", javaInteger}, formField{"useInstancePort4Check", javaBoolean},
		formField{"healthChecker", javaString},
	); failed != nil {
		return nil, failed
	}
	return success(ok), s.changeCluster(r, r.composite(r.raw("serviceName")), r.raw("clusterName"), number0(compact(r.raw("checkPort"))),
		r.flag("useInstancePort4Check", true), r.raw("healthChecker"))
}

// checkers are the kinds of health checkers, as Nacos shows them before anything of them is set.
var checkers = map[string]any{
	checkTCP:  map[string]any{"type": checkTCP},
	checkNone: map[string]any{"type": checkNone},
	"HTTP":    map[string]any{"type": "HTTP", "path": "", "headers": "", "expectedResponseCode": 200},
	"MYSQL":   map[string]any{"type": "MYSQL", "user": nil, "pwd": nil, "cmd": nil},
}

// healthCheckers is GET /health/checkers.
func (s *Server) healthCheckers(*request) (answer, *failure) { return checkers, nil }

// setNamingLog is PUT /v3/admin/ns/ops/log: none of Nacos's loggers is here.
func (s *Server) setNamingLog(r *request) (answer, *failure) {
	p := r.parameters()
	p.text("logName")
	p.text("logLevel")
	return success(ok), p.failed
}

// publisherJSON is who publishes an instance, in version 3 (Nacos: pojo/maintainer/ClientPublisherInfo).
type publisherJSON struct {
	Client  string `json:"clientId"`
	IP      string `json:"ip"`
	Port    int    `json:"port"`
	Cluster string `json:"clusterName"`
}

// wisherJSON is who subscribes, in version 3 (Nacos: pojo/maintainer/ClientSubscriberInfo).
type wisherJSON struct {
	Client  string `json:"clientId"`
	App     string `json:"appName"`
	Agent   string `json:"agent"`
	Address string `json:"address"`
}

// clientServiceJSON is a service that a client publishes or subscribes (Nacos: pojo/maintainer/ClientServiceInfo).
type clientServiceJSON struct {
	Namespace  string         `json:"namespaceId"`
	Group      string         `json:"groupName"`
	Name       string         `json:"serviceName"`
	Publisher  *publisherJSON `json:"publisherInfo"`
	Subscriber *wisherJSON    `json:"subscriberInfo"`
}

// publishedInfos is GET /v3/admin/ns/client/publish/list.
func (s *Server) publishedInfos(r *request) (answer, *failure) {
	info, failed := s.clientNamed(r)
	if failed != nil {
		return nil, failed
	}
	lines := []clientServiceJSON{}
	data, _ := s.options.Registry.Snapshot(info.ID) // a client that has just gone publishes nothing
	for _, p := range data.Published {
		lines = append(lines, clientServiceJSON{
			p.Service.Namespace, p.Service.Group, p.Service.Name, &publisherJSON{info.ID, p.IP, p.Port, p.Cluster}, nil,
		})
	}
	return success(lines), nil
}

// subscribedInfos is GET /v3/admin/ns/client/subscribe/list.
func (s *Server) subscribedInfos(r *request) (answer, *failure) {
	info, failed := s.clientNamed(r)
	if failed != nil {
		return nil, failed
	}
	lines := []clientServiceJSON{}
	who, _ := s.options.Registry.SubscriberOf(info.ID) // nobody has no subscriptions
	for _, wish := range s.options.Registry.Subscriptions(info.ID) {
		lines = append(lines, clientServiceJSON{
			wish.Service.Namespace, wish.Service.Group, wish.Service.Name, nil, &wisherJSON{info.ID, who.App, who.Agent, addressOf(who)},
		})
	}
	return success(lines), nil
}

// clientService reads which service a probe asks about, and at which address.
func (r *request) clientService() (service model.Service, ip string, port int, failed *failure) {
	if failed := r.bindForm("clientServiceForm", map[string]javaType{"port": javaInteger}); failed != nil {
		return service, "", 0, failed
	}
	if failed := r.requireFields(serviceNameField); failed != nil {
		return service, "", 0, failed
	}
	return r.whole(r.raw("serviceName")), r.raw("ip"), number0(compact(r.raw("port"))), nil
}

// publisherInfos is GET /v3/admin/ns/client/service/publisher/list; without an address, all.
func (s *Server) publisherInfos(r *request) (answer, *failure) {
	service, ip, port, failed := r.clientService()
	if failed != nil {
		return nil, failed
	}
	lines := []publisherJSON{}
	for _, p := range s.options.Registry.Publishers(service) {
		if (ip == "" || p.IP == ip) && (port == 0 || p.Port == port) {
			lines = append(lines, publisherJSON{p.ClientID, p.IP, p.Port, p.Cluster})
		}
	}
	return success(lines), nil
}

// subscriberInfos is GET /v3/admin/ns/client/service/subscriber/list.
func (s *Server) subscriberInfos(r *request) (answer, *failure) {
	service, ip, port, failed := r.clientService()
	if failed != nil {
		return nil, failed
	}
	lines := []wisherJSON{}
	for _, who := range s.options.Registry.Subscribers(service) {
		if at := pushPort(who.Connection); (ip == "" || ip == who.IP) && (port == 0 || port == at) {
			lines = append(lines, wisherJSON{who.ID, who.App, who.Agent, addressOf(who.Connection)})
		}
	}
	return success(lines), nil
}

// tableAdmin3 lists what operators may ask of version 3 about services.
func (s *Server) tableAdmin3() map[string]map[string]route {
	naming := func(handle func(*request) (answer, *failure)) route {
		return route{handle: handle, check: (*request).checkNaming, result: true}
	}
	batch := func(handle func(*request) (answer, *failure)) route {
		return route{handle: handle, check: (*request).checkBatch, result: true}
	}
	const (
		get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
		ns                  = "/v3/admin/ns/"
	)
	return map[string]map[string]route{
		ns + "instance": {
			post: naming(s.registerForm), put: naming(s.updateForm), del: naming(s.deregisterForm), get: naming(s.instanceWhole),
		},
		ns + "instance/list":           {get: {handle: s.instancesAll, check: (*request).checkList, result: true}},
		ns + "instance/partial":        {put: naming(s.patchForm)},
		ns + "instance/metadata/batch": {put: batch(s.batchForm(addMetadata)), del: batch(s.batchForm(dropMetadata))},

		ns + "service": {
			post: naming(s.createServiceForm), put: naming(s.updateServiceForm), del: naming(s.deleteServiceForm), get: naming(s.serviceWhole),
		},
		ns + "service/list":           {get: naming(s.servicesPaged)},
		ns + "service/subscribers":    {get: naming(s.subscribersPaged)},
		ns + "service/selector/types": {get: naming(func(*request) (answer, *failure) { return success(selectorTypes), nil })},
		ns + "cluster":                {put: naming(s.setClusterForm)},
		ns + "health/instance":        {put: naming(s.setHealthForm)},
		ns + "health/checkers":        {get: naming(inEnvelope(s.healthCheckers))},

		ns + "ops/switches": {get: naming(inEnvelope(s.switches)), put: naming(s.setSwitchForm)},
		ns + "ops/metrics":  {get: naming(s.metricsBound)},
		ns + "ops/log":      {put: naming(s.setNamingLog)},

		ns + "client":                         {get: naming(s.clientDetail)},
		ns + "client/list":                    {get: naming(s.clientList)},
		ns + "client/publish/list":            {get: naming(s.publishedInfos)},
		ns + "client/subscribe/list":          {get: naming(s.subscribedInfos)},
		ns + "client/service/publisher/list":  {get: naming(s.publisherInfos)},
		ns + "client/service/subscriber/list": {get: naming(s.subscriberInfos)},
		ns + "client/distro":                  {get: naming(inEnvelope(s.distroClient))},
	}
}
