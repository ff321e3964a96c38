package openapi

import (
	"maps"
	"net/http"
	"strings"

	"muster/model"
	"muster/nodes/jackson"
	"muster/nodes/registry"
)

// batchTarget is an instance as the parameter instances names it.
type batchTarget struct {
	IP        string        `json:"ip"`
	Port      jackson.Int   `json:"port"`
	Cluster   string        `json:"clusterName"`
	Ephemeral *jackson.Bool `json:"ephemeral"`
}

// batchTargets is the parameter instances as Nacos reads it.
var batchTargets = jackson.ListOf(&jackson.Type{Class: "com.alibaba.nacos.api.naming.pojo.Instance", Fields: map[string]*jackson.Type{
	"instanceId": jackson.TextType, "ip": jackson.TextType, "port": jackson.IntType, "weight": jackson.DoubleType, "healthy": jackson.BooleanType,
	"enabled": jackson.BooleanType, "ephemeral": jackson.BooleanType, "clusterName": jackson.TextType, "serviceName": jackson.TextType,
	"metadata": jackson.TextsType,
}})

// batchSet is PUT /instance/metadata/batch: it adds to the operator's metadata of several instances of a service, or of all.
func (s *Server) batchSet(r *request) (answer, *failure) {
	return s.batch(r, addMetadata)
}

// batchDrop is DELETE /instance/metadata/batch: it takes keys off.
func (s *Server) batchDrop(r *request) (answer, *failure) {
	return s.batch(r, dropMetadata)
}

func addMetadata(extend, given map[string]string) { maps.Copy(extend, given) }

func dropMetadata(extend, given map[string]string) {
	maps.DeleteFunc(extend, func(name, _ string) bool { _, drop := given[name]; return drop })
}

func (s *Server) batch(r *request, change func(extend, given map[string]string)) (answer, *failure) {
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
	return s.coverAll(r, service, targets, text, change)
}

// batchWanted reads the parameter instances.
func (r *request) batchWanted() (targets []batchTarget, failed *failure) {
	if text := r.raw("instances"); strings.TrimSpace(text) != "" {
		if err := decodeJSON(text, &targets); err != nil {
			return nil, r.deserializeFailed("com.alibaba.nacos.naming.paramcheck.NamingInstanceMetadataBatchHttpParamExtractor$1",
				unread(text, jackson.FromText, batchTargets, err))
		}
	}
	return targets, nil
}

// batchAnswer names the instances that were changed.
type batchAnswer struct {
	Updated []string `json:"updated"`
}

// coverAll changes the operator's metadata of instances of a service.
func (s *Server) coverAll(
	r *request, service model.Service, targets []batchTarget, text string, change func(extend, given map[string]string),
) (answer, *failure) {
	given, err := parseMetadata(text)
	if err != nil {
		return nil, plain(http.StatusBadRequest, err.Error()).as(codeMetadata)
	}
	updated := []string{}
	for _, target := range s.batchTargets(service, targets) {
		id := registry.MetadataID(target.IP, int(target.Port), target.Cluster)
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
		updated = append(updated, registry.Tag(target.IP, int(target.Port))+":unknown:"+target.Cluster+":"+kind)
	}
	return batchAnswer{updated}, nil
}

// batchTargets are those of the wanted instances that exist; all of the service's if none are wanted by name.
func (s *Server) batchTargets(service model.Service, wanted []batchTarget) []batchTarget {
	view := s.options.Registry.View(service)
	var targets []batchTarget
	if len(wanted) == 0 {
		for _, h := range view.Hosts {
			ephemeral := jackson.Bool(h.Ephemeral)
			targets = append(targets, batchTarget{IP: h.IP, Port: jackson.Int(h.Port), Cluster: h.Cluster, Ephemeral: &ephemeral})
		}
		return targets
	}
	for _, target := range wanted {
		if target.Cluster == "" {
			target.Cluster = model.DefaultCluster
		}
		if _, found := view.Find(target.IP, int(target.Port), target.Cluster); found {
			targets = append(targets, target)
		}
	}
	return targets
}
