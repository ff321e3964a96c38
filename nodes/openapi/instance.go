package openapi

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"muster/model"
	"muster/nodes/paramcheck"
	"muster/nodes/registry"
)

const ok = "ok"

// instanceOf reads an instance from the parameters (Nacos: HttpRequestInstanceBuilder).
func (s *Server) instanceOf(r *request, service model.Service) (registry.Published, bool, *failure) {
	var p registry.Published
	var failed *failure
	if p.IP, p.Port, failed = r.address(); failed != nil {
		return p, false, failed
	}
	p.Healthy = word(r.optional("healthy", "true"))
	ephemeral := word(r.optional("ephemeral", strconv.FormatBool(s.options.Registry.Switches().DefaultInstanceEphemeral)))
	weight, err := parseJavaDouble(r.optional("weight", "1"))
	if err != nil {
		return p, false, plain(http.StatusBadRequest, err.Error())
	}
	if failed := checkWeight(weight); failed != nil {
		return p, false, failed
	}
	p.Weight = weight
	p.Cluster = r.cluster()
	p.Enabled = word(r.optional("enabled", r.optional("enable", "true")))
	if p.Metadata, err = parseMetadata(r.raw("metadata")); err != nil {
		return p, false, plain(http.StatusBadRequest, err.Error())
	}
	if p.InstanceID, failed = instanceID(p, service); failed != nil {
		return p, false, failed
	}
	return p, ephemeral, nil
}

// checkWeight refuses a weight that is out of range. A NaN would pass Nacos's two comparisons, and make every later list of the
// service at the other nodes a 500.
func checkWeight(weight float64) *failure {
	if weight >= 0 && weight <= 10000 {
		return nil
	}
	return plain(http.StatusBadRequest, "instance format invalid: The weights range from 0.0 to 10000.0").as(codeWeight)
}

// address is ip and port of the request.
func (r *request) address() (string, int, *failure) {
	ip, failed := r.required("ip")
	if failed != nil {
		return "", 0, failed
	}
	text, failed := r.required("port")
	if failed != nil {
		return "", 0, failed
	}
	port, err := parseJavaInt(text)
	if err != nil {
		return "", 0, plain(http.StatusBadRequest, err.Error())
	}
	return ip, port, nil
}

// instanceID is what lists show as instanceId: the address, or a number of its own if the metadata ask for one.
func instanceID(p registry.Published, service model.Service) (string, *failure) {
	suffix := "#" + p.Cluster + "#" + service.GroupedName()
	switch p.Metadata[registry.IDGeneratorKey] {
	case "", "simple":
		return p.IP + "#" + strconv.Itoa(p.Port) + suffix, nil
	case "snowflake":
		return strconv.FormatInt(time.Now().UnixNano(), 10) + suffix, nil
	}
	return "", plain(http.StatusInternalServerError, "caused: The InstanceIdGenerator type is not found ;")
}

// legal refuses what a registration may not hold.
func legal(p registry.Published) *failure {
	if err := paramcheck.CheckInstance(p.Metadata, p.Cluster); err != nil {
		return plain(http.StatusBadRequest, err.Error()).as(codeInstance)
	}
	return nil
}

// millis is a time in metadata; the default where it is absent or no number.
func millis(metadata map[string]string, key string, otherwise int64) int64 {
	if n, err := strconv.ParseInt(metadata[key], 10, 64); err == nil {
		return n
	}
	return otherwise
}

// register is POST /instance.
func (s *Server) register(r *request) (answer, *failure) { return s.withInstance(r, s.publish) }

// withInstance has something done with the instance that a request states.
func (s *Server) withInstance(
	r *request, act func(*request, model.Service, registry.Published, bool) *failure,
) (answer, *failure) {
	service, failed := r.service()
	if failed != nil {
		return nil, failed
	}
	instance, ephemeral, failed := s.instanceOf(r, service)
	if failed != nil {
		return nil, failed
	}
	return ok, act(r, service, instance, ephemeral)
}

// publish takes an instance on: at once if it is ephemeral, through the Raft group if not.
func (s *Server) publish(r *request, service model.Service, instance registry.Published, ephemeral bool) *failure {
	if failed := legal(instance); failed != nil {
		return failed
	}
	var err error
	if ephemeral {
		err = s.options.Registry.RegisterEphemeral(service, instance)
	} else if err = s.options.Registry.CheckKind(service, false); err == nil {
		return s.propose(r, registry.Command{Kind: registry.RegisterPersistent, Service: service, Instance: &instance})
	}
	if kind := (registry.KindError{}); errors.As(err, &kind) {
		return wrongKind(kind)
	}
	if err != nil {
		return noRoom(err)
	}
	return nil
}

// noRoom refuses what the node has no room for.
func noRoom(err error) *failure {
	return plain(http.StatusServiceUnavailable, "caused: "+err.Error()+";")
}

func wrongKind(kind registry.KindError) *failure {
	return plain(http.StatusBadRequest, "errCode: 400, errMsg: "+kind.Error()+" ")
}

// propose brings a command to the Raft group. In the profile nacos1, where lists are never behind what a node knows, whoever asked sees
// here what came of it.
func (s *Server) propose(r *request, command registry.Command) *failure {
	switch err := s.options.Propose(r.Context(), command); {
	case err == nil:
		if s.one() {
			s.catchUp(r)
		}
		return nil
	case errors.Is(err, registry.ErrServiceExists):
		return serviceExists(command.Service)
	case errors.Is(err, registry.ErrServiceNotEmpty):
		return serviceNotEmpty(command.Service)
	case errors.Is(err, registry.ErrNamespaceExists):
		return namespaceExists(command.Namespace.ID)
	case errors.Is(err, registry.ErrFull):
		return noRoom(err)
	default:
		return plain(http.StatusInternalServerError, "caused: "+err.Error()+";")
	}
}

// deregister is DELETE /instance. It looks at the address alone and succeeds if nothing is there.
func (s *Server) deregister(r *request) (answer, *failure) { return s.withInstance(r, s.takeOff) }

// takeOff ends a registration, if there is one.
func (s *Server) takeOff(r *request, service model.Service, instance registry.Published, ephemeral bool) *failure {
	if ephemeral {
		s.options.Registry.DeregisterEphemeral(service, instance.IP, instance.Port)
		return nil
	}
	// Whether the instance is there is for the Raft group to say: this node may be behind.
	address := registry.Published{IP: instance.IP, Port: instance.Port}
	return s.propose(r, registry.Command{Kind: registry.DeregisterPersistent, Service: service, Instance: &address})
}

// update is PUT /instance: operator's metadata over an instance, in place of all that were there.
func (s *Server) update(r *request) (answer, *failure) { return s.withInstance(r, s.coverWhole) }

// coverWhole lays operator's metadata over an instance, there or not, of a service that is.
func (s *Server) coverWhole(r *request, service model.Service, p registry.Published, ephemeral bool) *failure {
	if failed := legal(p); failed != nil {
		return failed
	}
	if _, known := s.options.Registry.Service(service); !known {
		return plain(http.StatusBadRequest, fmt.Sprintf(
			"service not found, namespace: %s, service: Service{namespace='%s', group='%s', name='%s', ephemeral=%t, revision=0}",
			service.Namespace, service.Namespace, service.Group, service.Name, ephemeral)).as(codeInstance)
	}
	return s.cover(r, service, registry.MetadataID(p.IP, p.Port, p.Cluster),
		registry.InstanceMetadata{Weight: p.Weight, Enabled: p.Enabled, Extend: p.Metadata})
}

func (s *Server) cover(r *request, service model.Service, metadataID string, metadata registry.InstanceMetadata) *failure {
	return s.propose(r, registry.Command{Kind: registry.SetInstanceMetadata, Service: service, MetadataID: metadataID, InstanceMetadata: &metadata})
}

// patch is PATCH /instance: it changes the operator's metadata that are given and keeps the others.
func (s *Server) patch(r *request) (answer, *failure) {
	service, failed := r.service()
	if failed != nil {
		return nil, failed
	}
	ip, port, failed := r.address()
	if failed != nil {
		return nil, failed
	}
	// What is given must parse before the instance is looked for: so it is in Nacos.
	var changes []func(*registry.InstanceMetadata)
	if text := r.raw("metadata"); strings.TrimSpace(text) != "" {
		extend, err := parseMetadata(text)
		if err != nil {
			return nil, plain(http.StatusBadRequest, err.Error())
		}
		changes = append(changes, func(m *registry.InstanceMetadata) { m.Extend = extend })
	}
	if text := r.optional("weight", ""); text != "" {
		weight, err := parseJavaDouble(text)
		if err != nil {
			return nil, plain(http.StatusBadRequest, err.Error())
		}
		changes = append(changes, func(m *registry.InstanceMetadata) { m.Weight = weight })
	}
	if text := r.optional("enabled", ""); text != "" {
		changes = append(changes, func(m *registry.InstanceMetadata) { m.Enabled = word(text) })
	}
	return ok, s.coverPart(r, service, ip, port, r.cluster(), changes)
}

// coverPart changes operator's metadata over an instance that is there.
func (s *Server) coverPart(
	r *request, service model.Service, ip string, port int, cluster string, changes []func(*registry.InstanceMetadata),
) *failure {
	if _, failed := s.find(r, service, ip, port, cluster); failed != nil {
		return failed
	}
	id := registry.MetadataID(ip, port, cluster)
	metadata, set := s.options.Registry.InstanceMetadata(service, id)
	if !set {
		metadata = registry.InstanceMetadata{Weight: 1, Enabled: true}
	}
	for _, change := range changes {
		change(&metadata)
	}
	return s.cover(r, service, id, metadata)
}

// find looks for an instance as GET /instance does.
func (s *Server) find(r *request, service model.Service, ip string, port int, cluster string) (*registry.Host, *failure) {
	view, failed := s.view(r, service)
	if failed != nil {
		return nil, failed
	}
	if len(view.Hosts) == 0 {
		return nil, plain(http.StatusNotFound, "no ips found for cluster "+cluster+" in service "+service.GroupedName()).as(codeUnknown)
	}
	host, found := view.Find(ip, port, cluster)
	if !found {
		return nil, plain(http.StatusNotFound, "no matched ip found!").as(codeUnknown)
	}
	return host, nil
}

// view is the service as the request wants to read it: as this node has it, or with everything that the Raft group acknowledged
// before.
func (s *Server) view(r *request, service model.Service) (*registry.View, *failure) {
	switch mode := model.ReadMode(r.optional("read", string(model.ReadLocal))); {
	case r.Method != http.MethodGet || mode == model.ReadLocal:
		return s.options.Registry.View(service), nil
	case mode == model.ReadLinearizable:
		if err := s.options.Barrier(r.Context()); err != nil {
			return nil, plain(http.StatusServiceUnavailable, "no linearizable read now: "+err.Error()+"; read=local answers from this node's memory")
		}
		return s.options.Registry.FreshView(service), nil
	default:
		return nil, plain(http.StatusBadRequest, fmt.Sprintf("Param 'read' is illegal, %q: want local or linearizable", string(mode))).as(codeInvalid)
	}
}

// get is GET /instance.
func (s *Server) get(r *request) (answer, *failure) {
	service, failed := r.service()
	if failed != nil {
		return nil, failed
	}
	ip, port, failed := r.address()
	if failed != nil {
		return nil, failed
	}
	host, failed := s.find(r, service, ip, port, r.optional("clusterName", model.DefaultCluster))
	if failed != nil {
		return nil, failed
	}
	return struct {
		Service  string            `json:"service"`
		IP       string            `json:"ip"`
		Port     int               `json:"port"`
		Cluster  string            `json:"clusterName"`
		Weight   double            `json:"weight"`
		Healthy  bool              `json:"healthy"`
		ID       *string           `json:"instanceId"`
		Metadata map[string]string `json:"metadata"`
	}{service.GroupedName(), host.IP, host.Port, host.Cluster, double(host.Weight), host.Healthy, idOf(host), notNil(host.Metadata)}, nil
}

// idOf is a host's id as JSON shows it: null where it has none.
func idOf(host *registry.Host) *string {
	if host.InstanceID == "" {
		return nil
	}
	return &host.InstanceID
}

// notNil is the map, or an empty one: JSON shows {} for both.
func notNil(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}
