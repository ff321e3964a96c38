package openapi

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"muster/model"
	"muster/nodes/push"
	"muster/nodes/registry"
)

// serviceNamed is the service of a request where Spring binds its name.
func (s *Server) serviceNamed(r *request) (registry.ServiceInfo, bool, *failure) {
	if _, failed := r.needOne("serviceName", javaString); failed != nil {
		return registry.ServiceInfo{}, false, failed
	}
	service, failed := r.service()
	if failed != nil {
		return registry.ServiceInfo{}, false, failed
	}
	info, known := s.options.Registry.Service(service)
	return info, known, nil
}

// settingsOne reads selector and metadata of a service. A selector that is no JSON, or of no known type, fails in other words than in
// Nacos 2.x.
func (r *request) settingsOne(metadata *registry.ServiceMetadata) *failure {
	failed := r.serviceSettings(metadata)
	if failed == nil || failed.code != codeSelector {
		return failed
	}
	var given struct{ Type string }
	if json.Unmarshal([]byte(r.raw("selector")), &given) == nil {
		return plain(http.StatusBadRequest, "No enum constant com.alibaba.nacos.api.selector.SelectorType."+given.Type)
	}
	return exception("errCode: 101, errMsg: Nacos deserialize failed.  ")
}

// createServiceOne is POST /service.
func (s *Server) createServiceOne(r *request) (answer, *failure) {
	info, known, failed := s.serviceNamed(r)
	if failed != nil {
		return nil, failed
	}
	if known {
		return nil, plain(http.StatusBadRequest, "specified service already exists, serviceName : "+info.Service.GroupedName())
	}
	metadata := registry.NewServiceMetadata(true)
	if r.has("protectThreshold") {
		value, err := parseJavaDouble(r.raw("protectThreshold"))
		if err != nil {
			return nil, conversion("float", "java.lang.NumberFormatException: "+err.Error(), err.Error())
		}
		metadata.ProtectThreshold = float32(value)
	}
	if failed := r.settingsOne(&metadata); failed != nil {
		failed.text = strings.TrimPrefix(failed.text, "Selector parses failed: ")
		return nil, failed
	}
	return ok, s.propose(r, registry.Command{Kind: registry.CreateService, Service: info.Service, ServiceMetadata: &metadata})
}

// updateServiceOne is PUT /service.
func (s *Server) updateServiceOne(r *request) (answer, *failure) {
	service, failed := r.service()
	if failed != nil {
		return nil, failed
	}
	threshold, failed := r.required("protectThreshold")
	if failed != nil {
		return nil, failed
	}
	if _, known := s.options.Registry.Service(service); !known {
		return nil, exception("service " + service.GroupedName() + " not found!")
	}
	metadata := registry.NewServiceMetadata(true)
	if value, err := parseJavaDouble(threshold); err == nil {
		metadata.ProtectThreshold = float32(value)
	}
	if failed := r.settingsOne(&metadata); failed != nil {
		return nil, failed
	}
	return ok, s.propose(r, registry.Command{Kind: registry.UpdateService, Service: service, ServiceMetadata: &metadata})
}

// deleteServiceOne is DELETE /service. Its instances go with it.
func (s *Server) deleteServiceOne(r *request) (answer, *failure) {
	info, known, failed := s.serviceNamed(r)
	if failed != nil {
		return nil, failed
	}
	if !known {
		return nil, plain(http.StatusBadRequest, "specified service not exist, serviceName : "+info.Service.GroupedName())
	}
	return ok, s.propose(r, registry.Command{Kind: registry.DeleteService, Service: info.Service})
}

// selectorOneJSON is a selector as Nacos 1.x shows it.
type selectorOneJSON registry.Selector

// MarshalJSON writes the selector's own fields.
func (j selectorOneJSON) MarshalJSON() ([]byte, error) {
	if j.Type != "label" {
		return objectJSON(map[string]string{"type": j.Type}), nil
	}
	return objectJSON(struct {
		Type       string   `json:"type"`
		Expression string   `json:"expression"`
		Labels     []string `json:"labels"`
	}{j.Type, j.Expression, j.Labels}), nil
}

// serviceDetailOne is GET /service.
func (s *Server) serviceDetailOne(r *request) (answer, *failure) {
	info, known, failed := s.serviceNamed(r)
	if failed != nil {
		return nil, failed
	}
	if !known {
		return nil, exception("service " + info.Service.GroupedName() + " is not found!")
	}
	metadata := metadataOf(info)
	clusters := []clusterJSON{}
	for _, name := range s.clustersOne(info) {
		settings := clusterOf(metadata, name)
		clusters = append(clusters, clusterJSON{Name: name, Checker: checkerJSON(settings.Checker), Metadata: notNil(settings.Extend)})
	}
	return struct {
		Name      string            `json:"name"`
		Namespace string            `json:"namespaceId"`
		Threshold float             `json:"protectThreshold"`
		Metadata  map[string]string `json:"metadata"`
		Selector  selectorOneJSON   `json:"selector"`
		Group     string            `json:"groupName"`
		Clusters  []clusterJSON     `json:"clusters"`
	}{
		info.Service.Name, info.Service.Namespace, float(metadata.ProtectThreshold), notNil(metadata.Extend), selectorOneJSON(metadata.Selector),
		info.Service.Group, clusters,
	}, nil
}

// clustersOne are the clusters of a service: a cluster stays when its instances have gone.
func (s *Server) clustersOne(info registry.ServiceInfo) []string {
	return registry.ClusterNames(s.options.Registry.View(info.Service).Clusters, metadataOf(info))
}

// labelExpression is what the names of services can be filtered by.
var labelExpression = regexp.MustCompile(`^\s*(INSTANCE|SERVICE)\.metadata\.([^\s=]+)\s*=\s*'([^']*)'\s*$`)

// labelled reads the parameter selector of a list of names: a metadata key with its value, of the services or of their instances.
func (s *Server) labelled(r *request) (matches func(registry.ServiceInfo) bool, failed *failure) {
	text := r.raw("selector")
	if strings.TrimSpace(text) == "" {
		return func(registry.ServiceInfo) bool { return true }, nil
	}
	var given struct{ Type, Expression string }
	if json.Unmarshal([]byte(text), &given) != nil {
		return nil, exception("errCode: 101, errMsg: Nacos deserialize failed.  ")
	}
	parts := labelExpression.FindStringSubmatch(given.Expression)
	if given.Type != "label" || parts == nil {
		return func(registry.ServiceInfo) bool { return true }, nil
	}
	return func(info registry.ServiceInfo) bool {
		if parts[1] == "SERVICE" {
			return metadataOf(info).Extend[parts[2]] == parts[3]
		}
		return slices.ContainsFunc(s.options.Registry.View(info.Service).Hosts, func(h *registry.Host) bool { return h.Metadata[parts[2]] == parts[3] })
	}, nil
}

// serviceListOne is GET /service/list: the names of a group's services, or with the group * all names, with their groups.
func (s *Server) serviceListOne(r *request) (answer, *failure) {
	number, failed := r.required("pageNo")
	if failed != nil {
		return nil, failed
	}
	size, failed := r.required("pageSize")
	if failed != nil {
		return nil, failed
	}
	matches, failed := s.labelled(r)
	if failed != nil {
		return nil, failed
	}
	group, names := r.optional("groupName", model.DefaultGroup), []string{}
	for _, info := range s.options.Registry.Services(r.namespace()) {
		switch {
		case !matches(info):
		case group == "*":
			names = append(names, info.Service.GroupedName())
		case group == info.Service.Group:
			names = append(names, info.Service.Name)
		}
	}
	return struct {
		Names []string `json:"doms"`
		Count int      `json:"count"`
	}{onPage(names, max(number0(number), 1), number0(size)), len(names)}, nil
}

// serviceNamesOne is GET /service/names: the names in a namespace that contain a text; the count is that of namespaces.
func (s *Server) serviceNamesOne(r *request) (answer, *failure) {
	namespace, names := r.namespace(), []string{}
	services := s.options.Registry.Services(namespace)
	if len(services) == 0 {
		return nil, exception("")
	}
	for _, info := range services {
		owned := s.options.Owner(info.Service.GroupedName()) == s.options.Self
		if strings.Contains(info.Service.Name, r.raw("expr")) && (owned || !equalsTrue(r.optional("responsibleOnly", "false"))) {
			names = append(names, info.Service.Name)
		}
	}
	return struct {
		Names map[string][]string `json:"services"`
		Count int                 `json:"count"`
	}{map[string][]string{namespace: names}, 1}, nil
}

// serviceChecksumOne is PUT /service/checksum.
func (s *Server) serviceChecksumOne(r *request) (answer, *failure) {
	info, known, failed := s.serviceNamed(r)
	if failed != nil {
		return nil, failed
	}
	if !known {
		return nil, exception("serviceName not found: " + info.Service.GroupedName())
	}
	return map[string]string{"checksum": push.Checksum(s.options.Registry.View(info.Service), metadataOf(info))}, nil
}

// serviceStatusOne is POST /service/status, by which members of Nacos 1.x tell each other of health. Members of this cluster do so
// otherwise (package distro), so what comes here changes nothing.
func (s *Server) serviceStatusOne(r *request) (answer, *failure) {
	var report struct {
		Statuses string `json:"statuses"`
		From     string `json:"clientIP"`
	}
	if json.Unmarshal(r.body, &report) != nil {
		return nil, exception("errCode: 101, errMsg: Nacos deserialize failed.  ")
	}
	if !slices.ContainsFunc(s.options.Members(), func(m Member) bool { return m.Address == report.From }) {
		return nil, exception("ip: " + report.From + " is not in serverlist")
	}
	return ok, nil
}

// subscriberOneJSON is a subscriber as Nacos 1.x shows it.
type subscriberOneJSON struct {
	Address   string `json:"addrStr"`
	Agent     string `json:"agent"`
	App       string `json:"app"`
	IP        string `json:"ip"`
	Namespace string `json:"namespaceId"`
	Service   string `json:"serviceName"`
}

func subscribersOne(list []subscriberJSON) []subscriberOneJSON {
	shown := []subscriberOneJSON{}
	for _, s := range list {
		shown = append(shown, subscriberOneJSON{s.Address, s.Agent, s.App, s.IP, s.Namespace, s.Service})
	}
	return shown
}

// setClusterOne is PUT /cluster.
func (s *Server) setClusterOne(r *request) (answer, *failure) {
	service, failed := r.service()
	if failed != nil {
		return nil, failed
	}
	if _, known := s.options.Registry.Service(service); !known {
		return nil, exception("service not found:" + service.GroupedName())
	}
	return s.setCluster(r)
}

// setHealthOne is PUT /health: by hand, where no checker looks after the cluster.
func (s *Server) setHealthOne(r *request) (answer, *failure) {
	healthy := r.optional("healthy", r.optional("valid", ""))
	if healthy == "" {
		return nil, plain(http.StatusBadRequest, "Param 'healthy' is required.")
	}
	service, failed := r.service()
	if failed != nil {
		return nil, failed
	}
	ip, port, failed := r.address()
	if failed != nil {
		return nil, failed
	}
	info, known := s.options.Registry.Service(service)
	cluster := r.cluster()
	if !known || !slices.Contains(s.clustersOne(info), cluster) {
		return nil, exception("")
	}
	if clusterOf(metadataOf(info), cluster).Checker.Type != checkNone {
		return nil, plain(http.StatusBadRequest, "health check is still working, service: "+service.GroupedName())
	}
	host := hostOne(s.options.Registry.View(service), model.InstanceKey{IP: ip, Port: port, Cluster: cluster})
	if host == nil {
		return ok, nil
	}
	p := publishedOne(host)
	p.Healthy = word(healthy)
	return ok, s.publishOne(r, service, p, host.Ephemeral)
}
