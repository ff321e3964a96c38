//go:build !wasip1

package openapi

import (
	"bytes"
	"net/http"
	"runtime"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"muster/nodes/registry"
	"muster/nodes/rpc"
)

// Metrics as Prometheus reads them, by Nacos's names (naming/monitor/MetricsMonitor, core/monitor/MetricsMonitor; a Nacos 2.5.0 was asked).
// Most are read off the state when somebody asks. Nacos's metrics of its queues, executors and Java's machine have no counterpart here;
// turnedAway has none there.
var (
	monitored    = prometheus.NewDesc("nacos_monitor", "", []string{"module", "name"}, nil)
	publishing   = prometheus.NewDesc("nacos_naming_publisher", "", []string{"version"}, nil)
	subscribing  = prometheus.NewDesc("nacos_naming_subscriber", "", []string{"version"}, nil)
	requests     = prometheus.NewDesc("http_server_requests_seconds", "Duration of HTTP server request handling", requestLabels, nil)
	longest      = prometheus.NewDesc("http_server_requests_seconds_max", "Duration of HTTP server request handling", requestLabels, nil)
	turnedAway   = prometheus.NewDesc("muster_refused_total", "What the node turned away, since it was too much or came from strangers.", []string{"what"}, nil)
	heapUsed     = prometheus.NewDesc("go_memstats_heap_inuse_bytes", "Number of heap bytes that are in use.", nil, nil)
	goroutines   = prometheus.NewDesc("go_goroutines", "Number of goroutines that currently exist.", nil, nil)
	descriptions = []*prometheus.Desc{monitored, publishing, subscribing, requests, longest, turnedAway, heapUsed, goroutines}
)

// requestLabels are those of Micrometer; there are no exceptions here, but it has the label.
var requestLabels = []string{"exception", "method", "outcome", "status", "uri"}

// unmeasured is what Nacos shows of a time of which there is none yet.
const unmeasured = -1

// Describe lists the metrics.
func (s *Server) Describe(to chan<- *prometheus.Desc) {
	for _, d := range descriptions {
		to <- d
	}
}

// Collect reads them.
func (s *Server) Collect(metrics chan<- prometheus.Metric) {
	gauge := func(description *prometheus.Desc, value float64, labels ...string) {
		metrics <- prometheus.MustNewConstMetric(description, prometheus.GaugeValue, value, labels...)
	}
	counts, counters := s.options.Registry.Counts(), s.counters()
	for name, value := range s.monitor(counts, counters) {
		gauge(monitored, value, "naming", name)
	}
	gauge(monitored, float64(len(s.options.Loader.Connections())), "core", "longConnection")
	gauge(publishing, float64(counts.EphemeralClients+counts.PersistentClients), "v1")
	gauge(publishing, float64(counts.Connections), "v2")
	gauge(subscribing, float64(counts.SocketSubscribers), "v1")
	gauge(subscribing, float64(counts.Subscribers-counts.SocketSubscribers), "v2")
	for what, count := range counters.Refused {
		metrics <- prometheus.MustNewConstMetric(turnedAway, prometheus.CounterValue, float64(count), what)
	}
	s.collectRequests(metrics)
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	gauge(heapUsed, float64(memory.HeapInuse))
	gauge(goroutines, float64(runtime.NumGoroutine()))
}

func (s *Server) counters() Counters {
	if s.options.Counters == nil {
		return Counters{}
	}
	return s.options.Counters()
}

// monitor are the metrics of the naming module. Pushes are those over gRPC and UDP together; a push's cost is the time until it is
// acknowledged over gRPC, in ms.
func (s *Server) monitor(counts registry.Counts, counters Counters) map[string]float64 {
	leads := 0.0
	if own, err := rpc.Offset(s.options.Self, rpc.RaftOffset); err == nil && s.options.Raft().Leader == own {
		leads = 1
	}
	udp, grpc := s.options.Pushes(false), counters.Pushes
	average, most := float64(unmeasured), float64(unmeasured)
	if grpc.Acknowledged > 0 {
		average, most = float64(grpc.Took.Milliseconds())/float64(grpc.Acknowledged), float64(grpc.Longest.Milliseconds())
	}
	return map[string]float64{
		"serviceCount": float64(counts.Services), "ipCount": float64(counts.Instances), "subscriberCount": float64(counts.Subscribers), "leaderStatus": leads,
		"totalPush": float64(udp.Total + grpc.Total), "failedPush": float64(udp.Failed + grpc.Failed), "emptyPush": float64(grpc.Empty),
		"avgPushCost": average, "maxPushCost": most,
		"totalPushCountForAvg": float64(grpc.Acknowledged), "totalPushCostForAvg": float64(grpc.Took.Milliseconds()),
		"tcpHealthCheck": float64(counters.Checks["TCP"]), "httpHealthCheck": float64(counters.Checks["HTTP"]),
		"mysqlHealthCheck": float64(counters.Checks["MYSQL"]),
	}
}

// collectRequests reads what was answered over HTTP.
func (s *Server) collectRequests(metrics chan<- prometheus.Metric) {
	s.meter.mu.Lock()
	defer s.meter.mu.Unlock()
	for kind, took := range s.meter.answers {
		labels := []string{"None", kind.method, outcome(kind.status), strconv.Itoa(kind.status), kind.path}
		metrics <- prometheus.MustNewConstSummary(requests, took.count, took.sum.Seconds(), nil, labels...)
		metrics <- prometheus.MustNewConstMetric(longest, prometheus.GaugeValue, took.longest.of(time.Since(s.meter.began)).Seconds(), labels...)
	}
}

// prometheusText is GET /actuator/prometheus.
func (s *Server) prometheusText(*request) (answer, *failure) {
	gathered := prometheus.NewRegistry()
	if err := gathered.Register(s); err != nil {
		return nil, plain(http.StatusInternalServerError, "caused: "+err.Error()+";")
	}
	families, err := gathered.Gather()
	if err != nil {
		return nil, plain(http.StatusInternalServerError, "caused: "+err.Error()+";")
	}
	var text bytes.Buffer
	for _, family := range families {
		if _, err := expfmt.MetricFamilyToText(&text, family); err != nil {
			return nil, plain(http.StatusInternalServerError, "caused: "+err.Error()+";")
		}
	}
	return &relayed{status: http.StatusOK, media: "text/plain;version=0.0.4;charset=utf-8", body: text.Bytes()}, nil
}

// tableMetrics lists where Prometheus reads the metrics.
func (s *Server) tableMetrics() map[string]map[string]route {
	return map[string]map[string]route{"/actuator/prometheus": {http.MethodGet: {handle: s.prometheusText}}}
}
