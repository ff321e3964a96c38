package openapi

import (
	"net/http"
	"runtime"

	"muster/nodes/registry"
)

// statusUp is the state of a node that answers.
const statusUp = "UP"

// metrics is GET /operator/metrics. The status alone unless onlyStatus=false. cpu and load are -1, which is what Java says where
// it cannot measure them.
func (s *Server) metrics(r *request) (answer, *failure) {
	if equalsTrue(r.optional("onlyStatus", "true")) {
		return map[string]string{"status": statusUp}, nil
	}
	counts := s.options.Registry.Counts()
	return struct {
		metricsJSON
		ResponsibleInstances int `json:"responsibleInstanceCount"`
	}{figures(counts), counts.ResponsibleInstances}, nil
}

// metricsJSON are the figures of the metrics.
type metricsJSON struct {
	Status             string `json:"status"`
	Services           int    `json:"serviceCount"`
	Instances          int    `json:"instanceCount"`
	Subscribers        int    `json:"subscribeCount"`
	Clients            int    `json:"clientCount"`
	Connections        int    `json:"connectionBasedClientCount"`
	Ephemeral          int    `json:"ephemeralIpPortClientCount"`
	Persistent         int    `json:"persistentIpPortClientCount"`
	ResponsibleClients int    `json:"responsibleClientCount"`
	CPU                double `json:"cpu"`
	Load               double `json:"load"`
	Memory             double `json:"mem"`
}

func figures(counts registry.Counts) metricsJSON {
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	return metricsJSON{
		Status: statusUp, Services: counts.Services, Instances: counts.Instances, Subscribers: counts.Subscribers,
		Clients:     counts.EphemeralClients + counts.PersistentClients + counts.Connections,
		Connections: counts.Connections, Ephemeral: counts.EphemeralClients, Persistent: counts.PersistentClients,
		ResponsibleClients: counts.ResponsibleClients, CPU: -1, Load: -1, Memory: double(float64(memory.HeapInuse) / float64(memory.HeapSys)),
	}
}

// metricsBound is GET /v2/ns/ops/metrics, which shows one figure less.
func (s *Server) metricsBound(r *request) (answer, *failure) {
	p := r.parameters()
	if onlyStatus := p.flagOr("onlyStatus", true); p.failed != nil || onlyStatus {
		return success(map[string]string{"status": statusUp}), p.failed
	}
	return success(figures(s.options.Registry.Counts())), nil
}

// distroClient is GET /operator/distro/client: who is responsible for an ip:port.
func (s *Server) distroClient(r *request) (answer, *failure) {
	ip, failed := r.bound("ip")
	if failed != nil {
		return nil, failed
	}
	port, failed := r.bound("port")
	if failed != nil {
		return nil, failed
	}
	return map[string]string{"responsibleServer": s.options.Owner(ip + ":" + port)}, nil
}

// setSwitch is PUT /operator/switches.
func (s *Server) setSwitch(r *request) (answer, *failure) {
	entry, failed := r.bound("entry")
	if failed != nil {
		return nil, failed
	}
	value, failed := r.bound("value")
	if failed != nil {
		return nil, failed
	}
	if text := r.raw("debug"); r.has("debug") {
		if _, known := springBool(compact(text)); !known {
			return nil, notBoolean(text)
		}
	}
	return ok, s.turnSwitch(r, entry, value, http.StatusBadRequest)
}

// turnSwitch sets a switch; a value that it does not take is answered with the status.
func (s *Server) turnSwitch(r *request, entry, value string, refused int) *failure {
	change, known := switchEntries[entry]
	if !known {
		return nil // as in Nacos: an entry that nobody knows changes nothing
	}
	switches := s.options.Registry.Switches()
	if err := change(&switches, value); err != nil {
		return plain(refused, err.Error())
	}
	return s.propose(r, registry.Command{Kind: registry.SetSwitches, Switches: &switches})
}

// switches is GET /operator/switches: the switches, and settings of Nacos that nothing here can change.
func (s *Server) switches(*request) (answer, *failure) {
	none := []string{}
	return struct {
		registry.Switches
		Weights        map[string]string `json:"adWeightMap"`
		Incremental    []string          `json:"incrementalList"`
		DistroExpired  int               `json:"distroServerExpiredMillis"`
		CheckWhiteList []string          `json:"healthCheckWhiteList"`
		Name           string            `json:"name"`
		Checksum       *string           `json:"checksum"`
	}{
		Switches: s.options.Registry.Switches(), Weights: map[string]string{}, Incremental: none, DistroExpired: 10000,
		CheckWhiteList: none, Name: "00-00---000-NACOS_SWITCH_DOMAIN-000---00-00",
	}, nil
}
