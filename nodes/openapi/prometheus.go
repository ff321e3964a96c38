//go:build !wasip1

package openapi

import (
	"bytes"
	"net/http"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"muster/nodes/rpc"
)

// Metrics as Prometheus reads them, by Nacos's names (naming/monitor/MetricsMonitor, core/monitor/MetricsMonitor). They are read off the
// state when somebody asks; until then nothing is counted for them.
var (
	monitored  = prometheus.NewDesc("nacos_monitor", "", []string{"module", "name"}, nil)
	publishing = prometheus.NewDesc("nacos_naming_publisher", "", []string{"version"}, nil)
	heapUsed   = prometheus.NewDesc("go_memstats_heap_inuse_bytes", "Number of heap bytes that are in use.", nil, nil)
	goroutines = prometheus.NewDesc("go_goroutines", "Number of goroutines that currently exist.", nil, nil)
)

// Describe lists the metrics.
func (s *Server) Describe(descriptions chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{monitored, publishing, heapUsed, goroutines} {
		descriptions <- d
	}
}

// Collect reads them.
func (s *Server) Collect(metrics chan<- prometheus.Metric) {
	gauge := func(description *prometheus.Desc, value int, labels ...string) {
		metrics <- prometheus.MustNewConstMetric(description, prometheus.GaugeValue, float64(value), labels...)
	}
	counts, pushes := s.options.Registry.Counts(), s.options.Pushes(false)
	leads := 0
	if own, err := rpc.Offset(s.options.Self, rpc.RaftOffset); err == nil && s.options.Raft().Leader == own {
		leads = 1
	}
	for name, value := range map[string]int{
		"serviceCount": counts.Services, "ipCount": counts.Instances, "subscriberCount": counts.Subscribers, "leaderStatus": leads,
		"totalPush": pushes.Total, "failedPush": pushes.Failed,
	} {
		gauge(monitored, value, "naming", name)
	}
	gauge(monitored, len(s.options.Loader.Connections()), "core", "longConnection")
	gauge(publishing, counts.EphemeralClients+counts.PersistentClients, "v1")
	gauge(publishing, counts.Connections, "v2")
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	gauge(heapUsed, int(memory.HeapInuse))
	gauge(goroutines, runtime.NumGoroutine())
}

// prometheusText is GET /actuator/prometheus.
func (s *Server) prometheusText(*request) (answer, *failure) {
	registry := prometheus.NewRegistry()
	if err := registry.Register(s); err != nil {
		return nil, plain(http.StatusInternalServerError, "caused: "+err.Error()+";")
	}
	families, err := registry.Gather()
	if err != nil {
		return nil, plain(http.StatusInternalServerError, "caused: "+err.Error()+";")
	}
	var text bytes.Buffer
	for _, family := range families {
		if _, err := expfmt.MetricFamilyToText(&text, family); err != nil {
			return nil, plain(http.StatusInternalServerError, "caused: "+err.Error()+";")
		}
	}
	return &relayed{status: http.StatusOK, media: "text/plain; version=0.0.4; charset=utf-8", body: text.Bytes()}, nil
}

// tableMetrics lists where Prometheus reads the metrics.
func (s *Server) tableMetrics() map[string]map[string]route {
	return map[string]map[string]route{"/actuator/prometheus": {http.MethodGet: {handle: s.prometheusText}}}
}
