package openapi

import (
	"net/http"
	"strconv"
	"strings"

	"muster/nodes/push"
	"muster/nodes/registry"
)

// notFound is how the catalog says that it does not know something.
func notFound(what, name string) *failure {
	return plain(http.StatusNotFound, what+" "+name+" is not found!")
}

// pageOf is the page that a catalog request asks for.
func (r *request) pageOf() (number, size int, failed *failure) {
	if number, failed = r.boundInt("pageNo"); failed != nil {
		return 0, 0, failed
	}
	size, failed = r.boundInt("pageSize")
	return number, size, failed
}

// catalogInstances is GET /catalog/instances: a cluster's instances as they are, disabled and unhealthy ones too.
func (s *Server) catalogInstances(r *request) (answer, *failure) {
	service, failed := r.boundService()
	if failed != nil {
		return nil, failed
	}
	cluster, failed := r.bound("clusterName")
	if failed != nil {
		return nil, failed
	}
	number, size, failed := r.pageOf()
	if failed != nil {
		return nil, failed
	}
	if _, known := s.options.Registry.Service(service); !known {
		return nil, notFound("service", service.GroupedName())
	}
	var hosts []*registry.Host
	for _, h := range s.options.Registry.View(service).Hosts {
		if h.Cluster == cluster {
			hosts = append(hosts, h)
		}
	}
	if len(hosts) == 0 {
		return nil, notFound("cluster", cluster)
	}
	b := push.AppendHosts([]byte(`{"list":`), service, onPage(hosts, number, size))
	b = strconv.AppendInt(append(b, `,"count":`...), int64(len(hosts)), 10)
	return rawJSON(append(b, '}')), nil
}

// catalogService is GET /catalog/service.
func (s *Server) catalogService(r *request) (answer, *failure) {
	name := r.raw("serviceName")
	if name == "" {
		return nil, notFound("service", "@@")
	}
	service, failed := r.grouped(name)
	if failed != nil {
		return nil, failed
	}
	info, known := s.options.Registry.Service(service)
	if !known {
		return nil, notFound("service", service.GroupedName())
	}
	type cluster struct {
		Service   string            `json:"serviceName"`
		Name      string            `json:"name"`
		Checker   checkerJSON       `json:"healthChecker"`
		Port      int               `json:"defaultPort"`
		CheckPort int               `json:"defaultCheckPort"`
		UsePort   bool              `json:"useIPPort4Check"`
		Metadata  map[string]string `json:"metadata"`
	}
	type detail struct {
		Name      string            `json:"name"`
		Group     string            `json:"groupName"`
		Threshold float             `json:"protectThreshold"`
		Selector  selectorJSON      `json:"selector"`
		Metadata  map[string]string `json:"metadata"`
	}
	metadata := metadataOf(info)
	clusters := []cluster{}
	for _, name := range clustersOf(s.options.Registry.View(service)) {
		set := clusterOf(metadata, name)
		clusters = append(clusters, cluster{
			service.GroupedName(), name, checkerJSON(set.Checker), defaultCheckPort, set.CheckPort, set.UseInstancePort, notNil(set.Extend),
		})
	}
	return struct {
		Service  detail    `json:"service"`
		Clusters []cluster `json:"clusters"`
	}{
		detail{service.Name, service.Group, float(metadata.ProtectThreshold), selectorJSON(metadata.Selector), notNil(metadata.Extend)}, clusters,
	}, nil
}

// catalogServices is GET /catalog/services: a namespace's services with their counts, or with withInstances=true their instances, and with
// hasIpCount=true those alone that have any. Where there are fewer than the size of a page, every page holds them all.
func (s *Server) catalogServices(r *request) (answer, *failure) {
	for _, name := range []string{"pageNo", "pageSize"} {
		if !r.has(name) {
			return nil, plain(http.StatusInternalServerError, "caused: Optional int parameter '"+name+"' is present but cannot be "+
				"translated into a null value due to being declared as a primitive type. Consider declaring it as object wrapper for the corresponding primitive type.;")
		}
	}
	number, size, failed := r.pageOf()
	if failed != nil {
		return nil, failed
	}
	var services []registry.ServiceInfo
	notEmpty := r.flag("hasIpCount", false)
	for _, info := range s.options.Registry.Services(r.namespace()) {
		if strings.Contains(info.Service.Name, r.raw("serviceNameParam")) && strings.Contains(info.Service.Group, r.raw("groupNameParam")) &&
			(!notEmpty || len(s.options.Registry.View(info.Service).Hosts) > 0) {
			services = append(services, info)
		}
	}
	shown := services
	if len(services) >= size {
		shown = onPage(services, number, size)
	}
	if r.flag("withInstances", false) {
		details := []catalogDetail{}
		for _, info := range shown {
			details = append(details, s.catalogDetail(info))
		}
		return details, nil
	}
	lines := []serviceLine{}
	for _, info := range shown {
		lines = append(lines, s.serviceLine(info))
	}
	return struct {
		Count int           `json:"count"`
		Lines []serviceLine `json:"serviceList"`
	}{len(services), lines}, nil
}

// catalogDetail is a service with its instances (Nacos: naming/pojo/ServiceDetailInfo, of which CatalogServiceV2Impl fills in four fields).
type catalogDetail struct {
	Namespace *string                    `json:"namespace"`
	Name      string                     `json:"serviceName"`
	Group     string                     `json:"groupName"`
	Clusters  map[string]*catalogCluster `json:"clusterMap"`
	Metadata  map[string]string          `json:"metadata"`
	Threshold float                      `json:"protectThreshold"`
	Selector  *selectorJSON              `json:"selector"`
	Ephemeral *bool                      `json:"ephemeral"`
}

// catalogCluster is a cluster in it (naming/pojo/ClusterInfo), of which only the instances are filled in.
type catalogCluster struct {
	Name     *string           `json:"clusterName"`
	Checker  *checkerJSON      `json:"healthChecker"`
	Metadata map[string]string `json:"metadata"`
	Hosts    []catalogHost     `json:"hosts"`
}

// catalogHost is an instance in it (naming/pojo/IpAddressInfo).
type catalogHost struct {
	Healthy  bool              `json:"valid"`
	Metadata map[string]string `json:"metadata"`
	Port     int               `json:"port"`
	IP       string            `json:"ip"`
	Weight   float             `json:"weight"`
	Enabled  bool              `json:"enabled"`
}

func (s *Server) catalogDetail(info registry.ServiceInfo) catalogDetail {
	clusters := map[string]*catalogCluster{}
	for _, h := range s.options.Registry.View(info.Service).Hosts {
		cluster := clusters[h.Cluster]
		if cluster == nil {
			cluster = &catalogCluster{}
			clusters[h.Cluster] = cluster
		}
		cluster.Hosts = append(cluster.Hosts, catalogHost{h.Healthy, notNil(h.Metadata), h.Port, h.IP, float(h.Weight), h.Enabled})
	}
	return catalogDetail{Name: info.Service.Name, Group: info.Service.Group, Clusters: clusters, Metadata: notNil(metadataOf(info).Extend)}
}

// serviceLine is a service with its counts (Nacos: pojo/maintainer/ServiceView).
type serviceLine struct {
	Name     string `json:"name"`
	Group    string `json:"groupName"`
	Clusters int    `json:"clusterCount"`
	All      int    `json:"ipCount"`
	Healthy  int    `json:"healthyInstanceCount"`
	Trigger  string `json:"triggerFlag"`
}

func (s *Server) serviceLine(info registry.ServiceInfo) serviceLine {
	view := s.options.Registry.View(info.Service)
	healthy := countHealthy(view)
	trigger := registry.Protects(healthy, len(view.Hosts), metadataOf(info).ProtectThreshold)
	return serviceLine{info.Service.Name, info.Service.Group, len(clustersOf(view)), len(view.Hosts), healthy, strconv.FormatBool(trigger)}
}

func countHealthy(view *registry.View) int {
	healthy := 0
	for _, h := range view.Hosts {
		if h.Healthy {
			healthy++
		}
	}
	return healthy
}
