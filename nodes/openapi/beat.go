package openapi

import (
	"net/http"
	"strings"

	"muster/model"
	"muster/nodes/registry"
)

// Codes in the answer to a beat (Nacos: NamingResponseCode).
const (
	beatTaken   = 10200
	beatUnknown = 20404
)

// beat is PUT /instance/beat. A full beat (one with the parameter beat) of an unknown instance registers it; a light one is
// answered with 20404, and its client registers. A beat never changes what is registered.
func (s *Server) beat(r *request) (answer, *failure) {
	full, failed := r.fullBeat()
	if failed != nil {
		return nil, failed
	}
	ip, port, failed := r.beatAddress(full)
	if failed != nil {
		return nil, failed
	}
	service, failed := r.service()
	if failed != nil {
		return nil, failed
	}
	return s.takeBeat(r, service, ip, port, full)
}

// beatAddress is the address that a beat is about, as a full beat or else the parameters say.
func (r *request) beatAddress(full *beatInfo) (string, int, *failure) {
	if full == nil {
		port, err := parseJavaInt(r.optional("port", "0"))
		if err != nil {
			return "", 0, plain(http.StatusBadRequest, err.Error())
		}
		return r.optional("ip", ""), port, nil
	}
	if failed := full.check(); failed != nil {
		return "", 0, failed
	}
	if full.IP == "" { // Nacos registers an instance without an address
		return "", 0, plain(http.StatusBadRequest, "Param 'ip' is required.").as(codeInvalid)
	}
	return full.IP, full.Port, nil
}

// takeBeat notes a beat, full or not, and answers it.
func (s *Server) takeBeat(r *request, service model.Service, ip string, port int, full *beatInfo) (answer, *failure) {
	code := beatTaken
	if !s.options.Liveness.Beat(service, model.InstanceKey{IP: ip, Port: port}) {
		if full == nil {
			code = beatUnknown
		} else if failed := s.registerBeat(r, service, *full); failed != nil {
			return nil, failed
		}
	}
	switches := s.options.Registry.Switches()
	return struct {
		Interval   int64 `json:"clientBeatInterval"`
		Code       int   `json:"code"`
		LightBeats bool  `json:"lightBeatEnabled"`
	}{s.beatInterval(service, ip, port, switches.ClientBeatInterval), code, switches.LightBeatEnabled}, nil
}

// registerBeat registers the instance of a full beat.
func (s *Server) registerBeat(r *request, service model.Service, b beatInfo) *failure {
	cluster := r.optional("clusterName", model.DefaultCluster)
	if strings.TrimSpace(b.Cluster) != "" {
		cluster = b.Cluster
	}
	p := registry.Published{IP: b.IP, Port: b.Port, Cluster: cluster, Healthy: true, Enabled: true, Weight: b.Weight}
	for name, value := range b.Metadata {
		if value == nil {
			continue // see parseMetadata
		}
		if p.Metadata == nil {
			p.Metadata = make(map[string]string, len(b.Metadata))
		}
		p.Metadata[name] = *value
	}
	if b.Ephemeral != nil && !*b.Ephemeral { // Nacos registers it and then answers 500
		return plain(http.StatusBadRequest, "a persistent instance has no beats: register it by POST /nacos/v1/ns/instance?ephemeral=false")
	}
	var failed *failure
	if p.InstanceID, failed = instanceID(p, service); failed != nil {
		return failed
	}
	return s.publish(r, service, p, true)
}

// beatInterval is how often the client is to beat: as the operator, or else the instance itself, says; by default as the switches
// say.
func (s *Server) beatInterval(service model.Service, ip string, port int, otherwise int64) int64 {
	p, known := s.options.Registry.Published(service, registry.ClientID(ip, port, true))
	if !known {
		return otherwise
	}
	if cover, set := s.options.Registry.InstanceMetadata(service, registry.MetadataID(ip, port, p.Cluster)); set {
		otherwise = millis(cover.Extend, registry.BeatIntervalKey, millis(p.Metadata, registry.BeatIntervalKey, otherwise))
		return otherwise
	}
	return millis(p.Metadata, registry.BeatIntervalKey, otherwise)
}
