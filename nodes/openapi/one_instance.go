package openapi

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"muster/model"
	"muster/nodes/jackson"
	"muster/nodes/paramcheck"
	"muster/nodes/push"
	"muster/nodes/registry"
)

// defaultApp is the application of an instance that names none.
const defaultApp = "DEFAULT"

// leastWeight is what a weight between it and 0 is raised to (Nacos 1.x: Service.onChange).
const leastWeight = 0.01

// legalService is what a name with its group may be made of (Nacos 1.x: Service.validate).
var legalService = regexp.MustCompile(`^[0-9a-zA-Z@.:_-]+$`)

// instanceOne reads an instance (Nacos 1.x: InstanceController.parseInstance).
func (s *Server) instanceOne(r *request) (service model.Service, p registry.Published, ephemeral bool, failed *failure) {
	if service, failed = r.service(); failed != nil {
		return service, p, false, failed
	}
	if p.IP, p.Port, failed = r.address(); failed != nil {
		return service, p, false, failed
	}
	weight, err := parseJavaDouble(r.optional("weight", "1"))
	if err != nil {
		return service, p, false, plain(http.StatusBadRequest, err.Error())
	}
	p.Weight = weight
	p.Cluster = r.cluster()
	p.Healthy = word(r.optional("healthy", "true"))
	p.Enabled = word(r.optional("enabled", r.optional("enable", "true")))
	p.App = r.optional("app", defaultApp)
	if p.Metadata, err = parseMetadata(r.raw("metadata")); err != nil {
		return service, p, false, exception(err.Error())
	}
	return service, p, word(r.optional("ephemeral", strconv.FormatBool(s.options.Registry.Switches().DefaultInstanceEphemeral))),
		checkWeightOne(weight)
}

// checkWeightOne is checkWeight as Nacos 1.x answers it.
func checkWeightOne(weight float64) *failure {
	failed := checkWeight(weight)
	if failed != nil {
		failed.status = http.StatusInternalServerError
	}
	return failed
}

// hostOne finds an instance of either kind, an ephemeral one first.
func hostOne(view *registry.View, key model.InstanceKey) *registry.Host {
	var found *registry.Host
	for _, h := range view.Hosts {
		if h.IP == key.IP && h.Port == key.Port && h.Cluster == key.Cluster && (found == nil || h.Ephemeral) {
			found = h
		}
	}
	return found
}

// publishedOne is what a host was published as.
func publishedOne(h *registry.Host) registry.Published {
	return registry.Published{
		IP: h.IP, Port: h.Port, Cluster: h.Cluster, Healthy: h.Healthy, Weight: h.Weight, Enabled: h.Enabled, InstanceID: h.InstanceID,
		App: h.App, Metadata: h.Metadata,
	}
}

// publishOne takes an instance on, or puts it in the place of the one at its address in its cluster. Where the cluster's name is
// refused, the service is there all the same, as in Nacos.
func (s *Server) publishOne(r *request, service model.Service, p registry.Published, ephemeral bool) *failure {
	if name := service.GroupedName(); !legalService.MatchString(name) {
		return plain(http.StatusBadRequest, "dom name can only have these characters: 0-9a-zA-Z-._:, current: "+name)
	}
	if !paramcheck.LegalCluster(p.Cluster) {
		if ephemeral {
			if err := s.options.Registry.MakeService(service); err != nil {
				return exception(err.Error())
			}
		}
		return plain(http.StatusBadRequest, "cluster name can only have these characters: 0-9a-zA-Z-, current: "+p.Cluster)
	}
	if p.Weight > 0 && p.Weight < leastWeight {
		p.Weight = leastWeight
	}
	var failed *failure
	if p.InstanceID, failed = s.instanceIDOne(service, p, ephemeral); failed != nil {
		return failed
	}
	if ephemeral {
		if err := s.options.Registry.RegisterEphemeral(service, p); err != nil {
			return exception(err.Error())
		}
		return nil
	}
	return s.propose(r, registry.Command{Kind: registry.RegisterPersistent, Service: service, Instance: &p})
}

// instanceIDOne is the id that an instance keeps, or gets: its address, or the least number that no other instance has.
func (s *Server) instanceIDOne(service model.Service, p registry.Published, ephemeral bool) (string, *failure) {
	taken := map[string]bool{}
	for _, h := range s.options.Registry.View(service).Hosts {
		if h.Ephemeral != ephemeral {
			continue
		}
		if h.IP == p.IP && h.Port == p.Port && h.Cluster == p.Cluster {
			return h.InstanceID, nil
		}
		taken[h.InstanceID] = true
	}
	if p.Metadata[registry.IDGeneratorKey] != "snowflake" {
		return p.IP + "#" + strconv.Itoa(p.Port) + "#" + p.Cluster + "#" + service.GroupedName(), nil
	}
	number := 0
	for taken[strconv.Itoa(number)] {
		number++
	}
	return strconv.Itoa(number), nil
}

// registerOne is POST /instance.
func (s *Server) registerOne(r *request) (answer, *failure) {
	service, instance, ephemeral, failed := s.instanceOne(r)
	if failed != nil {
		return nil, failed
	}
	return ok, s.publishOne(r, service, instance, ephemeral)
}

// updateOne is PUT /instance: a registration, which Java clients from 1.0.0 on may only do of what is there.
func (s *Server) updateOne(r *request) (answer, *failure) {
	service, p, ephemeral, failed := s.instanceOne(r)
	if failed != nil {
		return nil, failed
	}
	if push.KnowsGroups(r.agent()) {
		view := s.options.Registry.View(service)
		if !view.Known {
			return nil, exception("service not found, namespace: " + service.Namespace + ", service: " + service.GroupedName())
		}
		if hostOne(view, model.InstanceKey{IP: p.IP, Port: p.Port, Cluster: p.Cluster}) == nil {
			return nil, exception(fmt.Sprintf("instance not exist: %s:unknown:%s_%s_%t_false_%s",
				registry.Tag(p.IP, p.Port), p.Cluster, jackson.AppendDouble(nil, p.Weight), p.Healthy, p.Cluster))
		}
	}
	return ok, s.publishOne(r, service, p, ephemeral)
}

// patchOne is PATCH /instance: it changes what is given.
func (s *Server) patchOne(r *request) (answer, *failure) {
	service, failed := r.service()
	if failed != nil {
		return nil, failed
	}
	ip, port, failed := r.address()
	if failed != nil {
		return nil, failed
	}
	host := hostOne(s.options.Registry.View(service), model.InstanceKey{IP: ip, Port: port, Cluster: r.cluster()})
	if host == nil {
		return nil, plain(http.StatusBadRequest, "instance not found")
	}
	p := publishedOne(host)
	var err error
	if text := r.raw("metadata"); strings.TrimSpace(text) != "" {
		if p.Metadata, err = parseMetadata(text); err != nil {
			return nil, exception(err.Error())
		}
	}
	p.App = r.optional("app", p.App)
	if text := r.optional("weight", ""); text != "" {
		if p.Weight, err = parseJavaDouble(text); err != nil {
			return nil, plain(http.StatusBadRequest, err.Error())
		}
		if failed := checkWeightOne(p.Weight); failed != nil {
			return nil, failed
		}
	}
	p.Healthy = word(r.optional("healthy", strconv.FormatBool(p.Healthy)))
	p.Enabled = word(r.optional("enabled", strconv.FormatBool(p.Enabled)))
	return ok, s.publishOne(r, service, p, host.Ephemeral)
}

// deregisterOne is DELETE /instance. It succeeds if nothing is there.
func (s *Server) deregisterOne(r *request) (answer, *failure) {
	service, p, ephemeral, failed := s.instanceOne(r)
	if failed != nil {
		return nil, failed
	}
	if ephemeral {
		s.options.Registry.Deregister(service, s.options.Registry.InstanceClient(service, p.IP, p.Port, p.Cluster, true))
		return ok, nil
	}
	return ok, s.propose(r, registry.Command{Kind: registry.DeregisterPersistent, Service: service, Instance: &p})
}

// getOne is GET /instance.
func (s *Server) getOne(r *request) (answer, *failure) {
	service, failed := r.service()
	if failed != nil {
		return nil, failed
	}
	ip, port, failed := r.address()
	if failed != nil {
		return nil, failed
	}
	view, failed := s.view(r, service)
	if failed != nil {
		return nil, failed
	}
	cluster := r.optional("clusterName", model.DefaultCluster)
	if !view.Known {
		return nil, exception("no service " + service.GroupedName() + " found!")
	}
	if !slices.ContainsFunc(view.Hosts, func(h *registry.Host) bool { return h.Cluster == cluster }) {
		return nil, exception("no ips found for cluster " + cluster + " in service " + service.GroupedName())
	}
	host := hostOne(view, model.InstanceKey{IP: ip, Port: port, Cluster: cluster})
	if host == nil {
		return nil, exception("no matched ip found!")
	}
	return struct {
		Service  string            `json:"service"`
		IP       string            `json:"ip"`
		Port     int               `json:"port"`
		Cluster  string            `json:"clusterName"`
		Weight   double            `json:"weight"`
		Healthy  bool              `json:"healthy"`
		ID       string            `json:"instanceId"`
		Metadata map[string]string `json:"metadata"`
	}{service.GroupedName(), host.IP, host.Port, host.Cluster, double(host.Weight), host.Healthy, host.InstanceID, host.Metadata}, nil
}

// listOne is GET /instance/list.
func (s *Server) listOne(r *request) (answer, *failure) {
	service, failed := r.service()
	if failed != nil {
		return nil, failed
	}
	port, err := parseJavaInt(r.optional("udpPort", "0"))
	if err != nil {
		return nil, plain(http.StatusBadRequest, err.Error())
	}
	switches := s.options.Registry.Switches()
	dom := push.Dom{
		Selection: registry.Selection{Clusters: r.optional("clusters", ""), HealthyOnly: equalsTrue(r.optional("healthyOnly", "false"))},
		Env:       r.optional("env", ""), Grouped: push.KnowsGroups(r.agent()), CacheMillis: switches.DefaultCacheMillis,
	}
	if s.subscribe(r, service, r.optional("clientIP", ""), port, dom.Clusters) {
		dom.CacheMillis = switches.DefaultPushCacheMillis
	}
	view, failed := s.view(r, service)
	if failed != nil {
		return nil, failed
	}
	if view.Known && equalsTrue(r.optional("isCheck", "false")) {
		return rawJSON(`{}`), nil
	}
	return rawJSON(dom.JSON(s.options.Registry, view)), nil
}

// statusesOne is GET /instance/statuses.
func (s *Server) statusesOne(r *request) (answer, *failure) {
	key, failed := r.needOne("key", javaString)
	if failed != nil {
		return nil, failed
	}
	namespace, name, split := strings.Cut(key, "##")
	if !split {
		namespace, name = model.DefaultNamespace, key
	}
	service, failed := r.grouped(name)
	if failed != nil {
		return nil, failed
	}
	service.Namespace = namespace
	if !s.options.Registry.View(service).Known {
		return nil, exception("service: " + name + " not found.")
	}
	return s.statusesOf(r, key)
}

// beatOne is PUT /instance/beat.
func (s *Server) beatOne(r *request) (answer, *failure) {
	full, failed := r.fullBeat()
	if failed != nil {
		return nil, failed
	}
	key := model.InstanceKey{IP: r.optional("ip", ""), Cluster: r.optional("clusterName", model.DefaultCluster)}
	var err error
	if key.Port, err = parseJavaInt(r.optional("port", "0")); err != nil {
		return nil, plain(http.StatusBadRequest, err.Error())
	}
	if full != nil {
		key.IP, key.Port = full.IP, full.Port
		if strings.TrimSpace(full.Cluster) != "" {
			key.Cluster = full.Cluster
		}
	}
	service, failed := r.service()
	if failed != nil {
		return nil, failed
	}
	switches := s.options.Registry.Switches()
	type taken struct {
		Interval   int64 `json:"clientBeatInterval"`
		Code       int   `json:"code"`
		LightBeats *bool `json:"lightBeatEnabled,omitempty"`
	}
	if hostOne(s.options.Registry.View(service), key) == nil {
		if full == nil {
			return taken{Interval: switches.ClientBeatInterval, Code: beatUnknown}, nil
		}
		if failed := s.publishOne(r, service, full.published(key), full.Ephemeral == nil || *full.Ephemeral); failed != nil {
			return nil, failed
		}
	} else {
		s.options.Liveness.Beat(service, key) // of a persistent instance nobody knows, nor needs to
	}
	interval := switches.ClientBeatInterval
	if host := hostOne(s.options.Registry.View(service), key); host != nil {
		interval = millis(host.Metadata, registry.BeatIntervalKey, interval)
	}
	return taken{interval, beatTaken, &switches.LightBeatEnabled}, nil
}

// published is the instance that a beat registers. Without metadata it has none at all.
func (b *beatInfo) published(key model.InstanceKey) registry.Published {
	p := registry.Published{IP: key.IP, Port: key.Port, Cluster: key.Cluster, Healthy: true, Enabled: true, Weight: b.Weight, App: defaultApp}
	if b.Metadata != nil {
		p.Metadata = map[string]string{}
	}
	for name, value := range b.Metadata {
		if value != nil {
			p.Metadata[name] = *value
		}
	}
	return p
}

// batchOne is PUT or DELETE /instance/metadata/batch, by what is done with the metadata: of the instances that are named, or of all of
// a kind.
func (s *Server) batchOne(change func(extend, given map[string]string)) func(*request) (answer, *failure) {
	return func(r *request) (answer, *failure) {
		service, failed := r.service()
		if failed != nil {
			return nil, failed
		}
		targets, failed := r.batchWanted()
		if failed != nil {
			return nil, failed
		}
		text, failed := r.required("metadata")
		if failed != nil {
			return nil, failed
		}
		given, err := parseMetadata(text)
		if err != nil {
			return nil, exception(err.Error())
		}
		updated := []string{}
		for _, host := range s.batchHostsOne(service, r.optional("consistencyType", ""), targets) {
			p, kind := publishedOne(host), "ephemeral"
			p.Metadata = maps.Clone(notNil(p.Metadata))
			change(p.Metadata, given)
			if failed := s.publishOne(r, service, p, host.Ephemeral); failed != nil {
				return nil, failed
			}
			if !host.Ephemeral {
				kind = "persist"
			}
			updated = append(updated, registry.Tag(host.IP, host.Port)+":unknown:"+host.Cluster+":"+kind)
		}
		return batchAnswer{updated}, nil
	}
}

// batchHostsOne are the instances of the kind, "ephemeral" or "persist"; of any other kind there are none.
func (s *Server) batchHostsOne(service model.Service, kind string, targets []batchTarget) []*registry.Host {
	var hosts []*registry.Host
	for _, h := range s.options.Registry.View(service).Hosts {
		wanted := len(targets) == 0 || slices.ContainsFunc(targets, func(t batchTarget) bool {
			return t.IP == h.IP && int(t.Port) == h.Port && (t.Cluster == h.Cluster || t.Cluster == "" && h.Cluster == model.DefaultCluster)
		})
		if wanted && (kind == "ephemeral" && h.Ephemeral || kind == "persist" && !h.Ephemeral) {
			hosts = append(hosts, h)
		}
	}
	return hosts
}
