package openapi

import (
	"encoding/json"
	"maps"
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
		if strings.HasPrefix(failed.text, "Selector parses failed: ") {
			failed.text = strings.TrimPrefix(failed.text, "Selector parses failed: ")
		}
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

// datumKey is the name of a service's list of ephemeral instances (Nacos 1.x: KeyBuilder).
const datumKey = "com.alibaba.nacos.naming.iplist.ephemeral."

// serviceOfDatum is the service whose list a key names; false if it names none.
func serviceOfDatum(key string) (service model.Service, is bool) {
	rest, is := strings.CutPrefix(key, datumKey)
	namespace, name, split := strings.Cut(rest, "##")
	if !is || !split || nameProblem(name) != "" {
		return service, false
	}
	group, bare, _ := strings.Cut(name, "@@")
	return model.Service{Namespace: namespace, Group: group, Name: bare}, true
}

// datumJSON is a service's list as members of Nacos 1.x exchange it. It has no versions here: the timestamp says nothing.
type datumJSON struct {
	Key   string `json:"key"`
	Value struct {
		Instances json.RawMessage `json:"instanceList"`
	} `json:"value"`
	Timestamp int64 `json:"timestamp"`
}

// distroDatumOne is GET /distro/datum: lists of ephemeral instances, by the keys in the body.
func (s *Server) distroDatumOne(r *request) (answer, *failure) {
	var wanted struct {
		Keys string `json:"keys"`
	}
	if json.Unmarshal(r.body, &wanted) != nil {
		return nil, exception("caused: JSON parse error;")
	}
	found := map[string]datumJSON{}
	for _, key := range strings.Split(wanted.Keys, ",") {
		service, is := serviceOfDatum(key)
		if !is {
			continue
		}
		view := s.options.Registry.View(service)
		hosts := slices.DeleteFunc(slices.Clone(view.Hosts), func(h *registry.Host) bool { return !h.Ephemeral })
		if len(hosts) == 0 {
			continue
		}
		datum := datumJSON{Key: key, Timestamp: 1}
		datum.Value.Instances = s.appendInstancesOne(nil, service, hosts)
		found[key] = datum
	}
	return typedJSON{"application/octet-stream", found}, nil
}

// instanceDatum is an instance in such a list.
type instanceDatum struct {
	ID        string            `json:"instanceId"`
	IP        string            `json:"ip"`
	Port      int               `json:"port"`
	Weight    float64           `json:"weight"`
	Healthy   bool              `json:"healthy"`
	Enabled   bool              `json:"enabled"`
	Cluster   string            `json:"clusterName"`
	App       string            `json:"app"`
	Metadata  map[string]string `json:"metadata"`
	Ephemeral *bool             `json:"ephemeral"`
}

// takeDatumOne is PUT /distro/datum: lists that a member of Nacos 1.x tells. They are believed, as news from a peer that has just heard
// from the instances; a list that its responsible node does not know goes again.
func (s *Server) takeDatumOne(r *request) (answer, *failure) {
	if media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); media != mediaJSON {
		return nil, exception("Content type '" + r.Header.Get("Content-Type") + "' not supported")
	}
	var given map[string]struct {
		Value struct {
			Instances []instanceDatum `json:"instanceList"`
		} `json:"value"`
	}
	if err := json.Unmarshal(r.body, &given); err != nil {
		return nil, exception("JSON parse error: " + err.Error())
	}
	if len(given) == 0 {
		return nil, exception("receive empty entity!")
	}
	for _, key := range slices.Sorted(maps.Keys(given)) {
		if service, is := serviceOfDatum(key); is {
			if failed := s.takeList(service, given[key].Value.Instances); failed != nil {
				return nil, failed
			}
		}
	}
	return ok, nil
}

// takeList puts a list in the place of the one that is here.
func (s *Server) takeList(service model.Service, list []instanceDatum) *failure {
	listed := map[string]bool{}
	for _, i := range list {
		if checkWeight(i.Weight) != nil || !legalCluster.MatchString(i.Cluster) {
			continue // none that could have been registered
		}
		id := s.options.Registry.InstanceClient(service, i.IP, i.Port, i.Cluster, true)
		listed[id] = true
		data := registry.ClientData{ID: id, Published: []registry.ServicePublished{{Service: service, Published: registry.Published{
			IP: i.IP, Port: i.Port, Cluster: i.Cluster, Healthy: i.Healthy, Weight: i.Weight, Enabled: i.Enabled, InstanceID: i.ID, App: i.App, Metadata: i.Metadata,
		}}}}
		if err := s.options.Registry.ApplyList(data); err != nil {
			return exception(err.Error())
		}
	}
	for _, p := range s.options.Registry.Publishers(service) {
		if !listed[p.ClientID] {
			if err := s.options.Registry.RemoveSynced(p.ClientID, 0); err != nil {
				return exception(err.Error())
			}
		}
	}
	return nil
}

// takeChecksumOne is PUT /distro/checksum, by which members of Nacos 1.x compare lists. Members of this cluster do so otherwise.
func (s *Server) takeChecksumOne(r *request) (answer, *failure) {
	_, failed := r.needOne("source", javaString)
	return ok, failed
}
