package openapi

import (
	"maps"
	"net/http"
	"strings"

	"muster/model"
	"muster/nodes/registry"
)

// batchTarget is an instance as the parameter instances names it.
type batchTarget struct {
	IP        string `json:"ip"`
	Port      int    `json:"port"`
	Cluster   string `json:"clusterName"`
	Ephemeral *bool  `json:"ephemeral"`
}

// batchSet is PUT /instance/metadata/batch: it adds to the operator's metadata of several instances of a service, or of all.
func (s *Server) batchSet(r *request) (answer, *failure) {
	return s.batch(r, func(extend, given map[string]string) { maps.Copy(extend, given) })
}

// batchDrop is DELETE /instance/metadata/batch: it takes keys off.
func (s *Server) batchDrop(r *request) (answer, *failure) {
	return s.batch(r, func(extend, given map[string]string) {
		maps.DeleteFunc(extend, func(name, _ string) bool { _, drop := given[name]; return drop })
	})
}

func (s *Server) batch(r *request, change func(extend, given map[string]string)) (answer, *failure) {
	service, failed := r.service()
	if failed != nil {
		return nil, failed
	}
	var targets []batchTarget
	if text := r.raw("instances"); strings.TrimSpace(text) != "" {
		if err := decodeJSON(text, &targets); err != nil {
			return nil, deserializeFailed("com.alibaba.nacos.naming.paramcheck.NamingInstanceMetadataBatchHttpParamExtractor$1", err)
		}
	}
	text, failed := r.required("metadata")
	if failed != nil {
		return nil, failed
	}
	given, err := parseMetadata(text)
	if err != nil {
		return nil, plain(http.StatusBadRequest, err.Error())
	}
	updated := []string{}
	for _, target := range s.batchTargets(service, targets) {
		id := registry.MetadataID(target.IP, target.Port, target.Cluster)
		metadata, set := s.options.Registry.InstanceMetadata(service, id)
		if !set {
			metadata = registry.InstanceMetadata{Weight: 1, Enabled: true}
		}
		extend := maps.Clone(notNil(metadata.Extend))
		change(extend, given)
		metadata.Extend = extend
		if failed := s.cover(r, service, id, metadata); failed != nil {
			return nil, failed
		}
		kind := "ephemeral"
		if target.Ephemeral != nil && !*target.Ephemeral {
			kind = "persist"
		}
		updated = append(updated, registry.Tag(target.IP, target.Port)+":unknown:"+target.Cluster+":"+kind)
	}
	return struct {
		Updated []string `json:"updated"`
	}{updated}, nil
}

// batchTargets are those of the wanted instances that exist; all of the service's if none are wanted by name.
func (s *Server) batchTargets(service model.Service, wanted []batchTarget) []batchTarget {
	view := s.options.Registry.View(service)
	var targets []batchTarget
	if len(wanted) == 0 {
		for _, h := range view.Hosts {
			targets = append(targets, batchTarget{IP: h.IP, Port: h.Port, Cluster: h.Cluster, Ephemeral: &h.Ephemeral})
		}
		return targets
	}
	for _, target := range wanted {
		if target.Cluster == "" {
			target.Cluster = model.DefaultCluster
		}
		if _, found := view.Find(target.IP, target.Port, target.Cluster); found {
			targets = append(targets, target)
		}
	}
	return targets
}
