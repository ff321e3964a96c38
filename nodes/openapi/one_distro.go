package openapi

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"muster/model"
	"muster/nodes/paramcheck"
	"muster/nodes/registry"
)

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
		if checkWeight(i.Weight) != nil || !paramcheck.LegalCluster(i.Cluster) {
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
