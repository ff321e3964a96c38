package openapi

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"muster/model"
	"muster/nodes/registry"
)

// Defaults of a cluster that nobody set (Nacos: ClusterMetadata).
const (
	checkTCP         = "TCP"
	checkNone        = "NONE"
	defaultCheckPort = 80
)

// checkerFields are the fields of each kind of health checker.
var checkerFields = map[string][]string{
	checkTCP:  nil,
	checkNone: nil,
	"HTTP":    {"path", "headers", "expectedResponseCode"},
	"MYSQL":   {"user", "pwd", "cmd"},
}

// checkerJSON is a health checker as details show it: its type and its own fields in one object.
type checkerJSON registry.HealthChecker

// MarshalJSON flattens the settings.
func (j checkerJSON) MarshalJSON() ([]byte, error) {
	fields := map[string]json.RawMessage{"type": objectJSON(j.Type)}
	for name, value := range j.Settings {
		fields[name] = value
	}
	return json.Marshal(fields)
}

// clusterOf is what is set for a cluster, or the defaults.
func clusterOf(metadata registry.ServiceMetadata, name string) registry.ClusterMetadata {
	if cluster, set := metadata.Clusters[name]; set {
		return cluster
	}
	return registry.ClusterMetadata{CheckPort: defaultCheckPort, UseInstancePort: true, Checker: registry.HealthChecker{Type: checkTCP}}
}

// setCluster is PUT /cluster: how the instances of a cluster are checked.
func (s *Server) setCluster(r *request) (answer, *failure) {
	values := map[string]string{}
	for _, name := range []string{"clusterName", "serviceName", "checkPort", "useInstancePort4Check", "healthChecker"} {
		value, failed := r.required(name)
		if failed != nil {
			return nil, failed
		}
		values[name] = value
	}
	service, failed := r.service()
	if failed != nil {
		return nil, failed
	}
	return ok, s.changeCluster(
		r, service, values["clusterName"], number0(values["checkPort"]), word(values["useInstancePort4Check"]), values["healthChecker"],
	)
}

// changeCluster sets how the instances of a cluster are checked, and its metadata.
func (s *Server) changeCluster(r *request, service model.Service, name string, port int, useInstancePort bool, checkerText string) *failure {
	checker, failed := parseChecker(checkerText)
	if failed != nil {
		return failed
	}
	extend, err := parseMetadata(r.raw("metadata"))
	if err != nil {
		return plain(http.StatusBadRequest, err.Error())
	}
	info, known := s.options.Registry.Service(service)
	if !known {
		return plain(http.StatusBadRequest, "service not found:"+service.GroupedName())
	}
	metadata := registry.NewServiceMetadata(info.Ephemeral)
	metadata.Clusters = map[string]registry.ClusterMetadata{
		name: {CheckPort: port, UseInstancePort: useInstancePort, Checker: checker, Extend: extend},
	}
	return s.propose(r, registry.Command{Kind: registry.SetCluster, Service: service, ServiceMetadata: &metadata})
}

// parseChecker reads the parameter healthChecker. A type that is not known checks nothing.
func parseChecker(text string) (registry.HealthChecker, *failure) {
	given, err := jsonObject(text)
	if err != nil {
		return registry.HealthChecker{}, plain(http.StatusBadRequest, "Param 'healthChecker' is illegal, it should be a JSON object: "+err.Error())
	}
	var kind string
	if json.Unmarshal(given["type"], &kind) != nil {
		kind = checkNone
	}
	fields, known := checkerFields[strings.ToUpper(kind)]
	if !known {
		return registry.HealthChecker{Type: checkNone}, nil
	}
	checker := registry.HealthChecker{Type: strings.ToUpper(kind)}
	for _, name := range fields {
		if value, set := given[name]; set {
			if checker.Settings == nil {
				checker.Settings = map[string]json.RawMessage{}
			}
			checker.Settings[name] = value
		}
	}
	return checker, nil
}

// setHealth is PUT /health. It refuses whatever a health checker looks after, and, as Nacos 2.5.1 does, every persistent instance
// that none looks after: there, it is registered again as an ephemeral one.
func (s *Server) setHealth(r *request) (answer, *failure) {
	if r.optional("healthy", r.optional("valid", "")) == "" {
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
	return ok, s.refuseHealth(service, service.GroupedName(), ip, port, r.cluster())
}

// refuseHealth says why the health of an instance cannot be set by hand; nil where nobody is there. name is the service's as it was asked
// for.
func (s *Server) refuseHealth(service model.Service, name, ip string, port int, cluster string) *failure {
	metadata := s.options.Registry.ServiceMetadata(service)
	if metadata == nil || metadata.Clusters[cluster].Checker.Type != checkNone {
		return plain(http.StatusBadRequest, "health check is still working, service: "+name+", cluster: "+cluster)
	}
	if _, registered := s.options.Registry.Published(service, registry.ClientID(ip, port, false)); registered {
		return wrongKind(registry.KindError{Service: service})
	}
	return nil
}

// healthServer is GET /health/server.
func (s *Server) healthServer(*request) (answer, *failure) {
	_, port, _ := strings.Cut(s.options.Self, ":")
	return map[string]string{"msg": "Hello! I am Nacos-Naming and healthy! total services: " +
		strconv.Itoa(s.options.Registry.Counts().Services) + ", local port:" + port}, nil
}
