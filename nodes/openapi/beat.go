package openapi

import (
	"net/http"
	"strconv"
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
	ip, cluster := r.optional("ip", ""), r.optional("clusterName", model.DefaultCluster)
	port, err := parseJavaInt(r.optional("port", "0"))
	if err != nil {
		return nil, plain(http.StatusBadRequest, err.Error())
	}
	var full *beatInfo
	if text := r.raw("beat"); strings.TrimSpace(text) != "" {
		parsed, failed := parseBeat(text)
		if failed != nil {
			return nil, failed
		}
		full = &parsed
		ip, port = full.IP, full.Port
		if strings.TrimSpace(full.Cluster) != "" {
			cluster = full.Cluster
		}
		c := checked{ip: ip, port: strconv.Itoa(port), clusters: []string{cluster}}
		if failed := c.check(); failed != nil {
			return nil, failed
		}
		if ip == "" { // Nacos registers an instance without an address
			return nil, plain(http.StatusBadRequest, "Param 'ip' is required.")
		}
	}
	service, failed := r.service()
	if failed != nil {
		return nil, failed
	}
	code := beatTaken
	if !s.options.Liveness.Beat(service, ip, port) {
		if full == nil {
			code = beatUnknown
		} else if failed := s.registerBeat(r, service, cluster, *full); failed != nil {
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
func (s *Server) registerBeat(r *request, service model.Service, cluster string, b beatInfo) *failure {
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
