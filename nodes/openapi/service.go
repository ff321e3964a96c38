package openapi

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"muster/model"
	"muster/nodes/registry"
)

func serviceExists(service model.Service) *failure {
	return plain(http.StatusBadRequest, "specified service "+service.GroupedName()+" already exists!").as(codeServiceExists)
}

func serviceNotFound(service model.Service) *failure {
	return plain(http.StatusBadRequest, "service "+service.GroupedName()+" not found!").as(codeServiceUnknown)
}

func serviceNotEmpty(service model.Service) *failure {
	return plain(http.StatusBadRequest,
		"Service "+service.GroupedName()+" is not empty, can't be delete. Please unregister instance first").as(codeServiceDelete)
}

// boundService is the service that a request names where Spring binds the parameter.
func (r *request) boundService() (model.Service, *failure) {
	name, failed := r.bound("serviceName")
	if failed != nil {
		return model.Service{}, failed
	}
	service, failed := r.grouped(name)
	if namespace := r.joined("namespaceId"); namespace != "" { // a blank one is none, but no default either
		service.Namespace = namespace
	}
	return service, failed
}

// createService is POST /service. The service is persistent, whatever the request says.
func (s *Server) createService(r *request) (answer, *failure) {
	service, failed := r.boundService()
	if failed != nil {
		return nil, failed
	}
	metadata := registry.NewServiceMetadata(false)
	threshold := r.raw("protectThreshold")
	if r.has("protectThreshold") {
		value, err := parseJavaDouble(threshold)
		if err != nil {
			return nil, conversion("float", "java.lang.NumberFormatException: "+err.Error(), err.Error())
		}
		metadata.ProtectThreshold = float32(value)
	}
	return ok, s.makeService(r, service, metadata)
}

// makeService makes a service of the settings, selector and metadata that the request names.
func (s *Server) makeService(r *request, service model.Service, metadata registry.ServiceMetadata) *failure {
	if failed := r.serviceSettings(&metadata); failed != nil {
		return failed
	}
	if _, known := s.options.Registry.Service(service); known {
		return serviceExists(service)
	}
	return s.propose(r, registry.Command{Kind: registry.CreateService, Service: service, ServiceMetadata: &metadata})
}

// serviceSettings reads selector and metadata, and refuses a threshold that is no number: with one a service is never protected,
// and no snapshot could hold it.
func (r *request) serviceSettings(metadata *registry.ServiceMetadata) *failure {
	if metadata.ProtectThreshold-metadata.ProtectThreshold != 0 {
		return plain(http.StatusBadRequest, "Param 'protectThreshold' is illegal, it should be a number from 0.0 to 1.0").as(codeInvalid)
	}
	var failed *failure
	if metadata.Selector, failed = parseSelector(r.raw("selector")); failed != nil {
		return failed
	}
	extend, err := parseMetadata(r.raw("metadata"))
	if err != nil {
		return plain(http.StatusBadRequest, err.Error())
	}
	metadata.Extend = extend
	return nil
}

// updateService is PUT /service. What it does not name is reset, except the clusters.
func (s *Server) updateService(r *request) (answer, *failure) {
	service, failed := r.service()
	if failed != nil {
		return nil, failed
	}
	threshold, failed := r.required("protectThreshold")
	if failed != nil {
		return nil, failed
	}
	metadata := registry.NewServiceMetadata(true)
	if value, err := parseJavaDouble(threshold); err == nil { // no number is 0, as for Nacos's NumberUtils.toFloat
		metadata.ProtectThreshold = float32(value)
	}
	return ok, s.resetService(r, service, metadata)
}

// resetService replaces what operators set for a service, except its clusters.
func (s *Server) resetService(r *request, service model.Service, metadata registry.ServiceMetadata) *failure {
	if failed := r.serviceSettings(&metadata); failed != nil {
		return failed
	}
	info, known := s.options.Registry.Service(service)
	if !known {
		return serviceNotFound(service)
	}
	metadata.Ephemeral = info.Ephemeral
	return s.propose(r, registry.Command{Kind: registry.UpdateService, Service: service, ServiceMetadata: &metadata})
}

// deleteService is DELETE /service.
func (s *Server) deleteService(r *request) (answer, *failure) {
	service, failed := r.boundService()
	if failed != nil {
		return nil, failed
	}
	return ok, s.dropService(r, service)
}

// dropService forgets a service that has no instances.
func (s *Server) dropService(r *request, service model.Service) *failure {
	switch info, known := s.options.Registry.Service(service); {
	case !known:
		return serviceNotFound(service)
	case info.Instances > 0:
		return serviceNotEmpty(service)
	}
	return s.propose(r, registry.Command{Kind: registry.DeleteService, Service: service})
}

// clusterJSON is a cluster in the detail of a service.
type clusterJSON struct {
	Name     string            `json:"name"`
	Checker  checkerJSON       `json:"healthChecker"`
	Metadata map[string]string `json:"metadata"`
}

// serviceDetail is GET /service. It names the clusters that have instances.
func (s *Server) serviceDetail(r *request) (answer, *failure) {
	service, failed := r.boundService()
	if failed != nil {
		return nil, failed
	}
	info, failed := s.infoOf(service)
	if failed != nil {
		return nil, failed
	}
	metadata := metadataOf(info)
	clusters := []clusterJSON{}
	for _, name := range clustersOf(s.options.Registry.View(service)) {
		settings := clusterOf(metadata, name)
		clusters = append(clusters, clusterJSON{Name: name, Checker: checkerJSON(settings.Checker), Metadata: notNil(settings.Extend)})
	}
	return struct {
		Namespace string            `json:"namespaceId"`
		Group     string            `json:"groupName"`
		Name      string            `json:"name"`
		Threshold float             `json:"protectThreshold"`
		Metadata  map[string]string `json:"metadata"`
		Selector  selectorJSON      `json:"selector"`
		Clusters  []clusterJSON     `json:"clusters"`
	}{
		service.Namespace, service.Group, service.Name, float(metadata.ProtectThreshold), notNil(metadata.Extend),
		selectorJSON(metadata.Selector), clusters,
	}, nil
}

// infoOf is a service that a detail is wanted of.
func (s *Server) infoOf(service model.Service) (registry.ServiceInfo, *failure) {
	info, known := s.options.Registry.Service(service)
	if !known {
		return info, plain(http.StatusBadRequest,
			"service not found, namespace: "+service.Namespace+", serviceName: "+service.GroupedName()).as(codeServiceUnknown)
	}
	return info, nil
}

// metadataOf is what operators set for a service, or the defaults.
func metadataOf(info registry.ServiceInfo) registry.ServiceMetadata {
	if info.Metadata != nil {
		return *info.Metadata
	}
	return registry.NewServiceMetadata(info.Ephemeral)
}

// clustersOf names the clusters that have instances, in order.
func clustersOf(view *registry.View) []string {
	names := []string{}
	for _, h := range view.Hosts {
		if !slices.Contains(names, h.Cluster) {
			names = append(names, h.Cluster)
		}
	}
	slices.Sort(names)
	return names
}

// serviceList is GET /service/list: the names of a group's services, without the group.
func (s *Server) serviceList(r *request) (answer, *failure) {
	number, failed := r.required("pageNo")
	if failed != nil {
		return nil, failed
	}
	size, failed := r.required("pageSize")
	if failed != nil {
		return nil, failed
	}
	count, names, failed := s.namesOnPage(r, number0(number), number0(size))
	if failed != nil {
		return nil, failed
	}
	return struct {
		Count int      `json:"count"`
		Names []string `json:"doms"`
	}{count, names}, nil
}

// namesOnPage counts the services of a group and names those on a page; pages before the first are the first.
func (s *Server) namesOnPage(r *request, number, size int) (count int, names []string, failed *failure) {
	names = []string{}
	group := r.optional("groupName", model.DefaultGroup)
	for _, info := range s.options.Registry.Services(r.namespace()) {
		if info.Service.Group == group {
			names = append(names, info.Service.Name)
		}
	}
	if size < 0 {
		return 0, nil, plain(http.StatusBadRequest, "fromIndex(0) > toIndex("+strconv.Itoa(size)+")").as(codeInvalid)
	}
	return len(names), onPage(names, max(number, 1), size), nil
}

// number0 reads a number; anything else is 0 (Nacos: NumberUtils.toInt).
func number0(text string) int {
	n, err := parseJavaInt(text)
	if err != nil {
		return 0
	}
	return n
}

// onPage cuts a page out of a list. Pages count from 1; there is nothing on the others.
func onPage[T any](list []T, number, size int) []T {
	if number < 1 || size < 1 || number-1 > len(list)/size {
		return list[:0]
	}
	from := (number - 1) * size
	return list[from:min(from+size, len(list))]
}

// serviceNames is GET /service/names: a namespace's services, with their groups, that a regular expression finds.
func (s *Server) serviceNames(r *request) (answer, *failure) {
	namespace := r.namespace()
	expression, err := regexp.Compile(r.raw("expr"))
	if err != nil {
		return nil, plain(http.StatusBadRequest, err.Error())
	}
	names := []string{}
	for _, info := range s.options.Registry.Services(namespace) {
		if name := info.Service.GroupedName(); expression.MatchString(name) {
			names = append(names, name)
		}
	}
	return struct {
		// A constant of that value stands where Nacos means "services".
		Names map[string][]string `json:"META-INF/services"`
		Count int                 `json:"count"`
	}{map[string][]string{namespace: names}, len(names)}, nil
}

// selectorTypes are the kinds of selectors.
var selectorTypes = []string{"label", "none"}

// listSelectorTypes is GET /service/selector/types.
func (s *Server) listSelectorTypes(*request) (answer, *failure) {
	return result(selectorTypes), nil
}

// selectorJSON is a selector as details show it.
type selectorJSON registry.Selector

// MarshalJSON adds what Nacos shows beside the selector's own fields.
func (j selectorJSON) MarshalJSON() ([]byte, error) {
	if j.Type != "label" {
		return objectJSON(map[string]string{"type": "none", "contextType": "NONE"}), nil
	}
	return objectJSON(struct {
		Type       string   `json:"type"`
		Expression string   `json:"expression"`
		Labels     []string `json:"labels"`
		Context    string   `json:"contextType"`
	}{j.Type, j.Expression, j.Labels, "CMDB"}), nil
}

// parseSelector reads the parameter selector.
func parseSelector(text string) (registry.Selector, *failure) {
	none := registry.Selector{Type: "none"}
	if strings.TrimSpace(text) == "" {
		return none, nil
	}
	if decoded, err := url.QueryUnescape(text); err == nil { // Nacos decodes it once more
		text = decoded
	}
	var given struct{ Type, Expression *string }
	if err := decodeJSON(text, &given); err != nil {
		return none, plain(http.StatusBadRequest, "Param 'selector' is illegal, it should be JSON: "+err.Error()).as(codeSelector)
	}
	switch {
	case given.Type != nil && *given.Type == "none":
		return none, nil
	case given.Type == nil || *given.Type != "label":
		return none, plain(http.StatusBadRequest, "not match any type of selector!").as(codeSelector)
	case given.Expression == nil:
		return registry.Selector{Type: "label"}, nil
	}
	selector := registry.Selector{Type: "label", Expression: *given.Expression}
	for _, condition := range strings.Split(selector.Expression, "&") {
		left, right, _ := strings.Cut(strings.ReplaceAll(condition, " ", ""), "=")
		consumer, isConsumer := strings.CutPrefix(left, "CONSUMER.label.")
		provider, isProvider := strings.CutPrefix(right, "PROVIDER.label.")
		if !isConsumer || !isProvider || consumer != provider || consumer == "" {
			return none, plain(http.StatusInternalServerError, "Selector parses failed: parse expression failed!")
		}
		selector.Labels = append(selector.Labels, consumer)
	}
	return selector, nil
}
