//go:build !wasip1

package openapi

import (
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"
)

func TestPrometheusReadsTheMetrics(t *testing.T) {
	n := newNode(t, func(o *Options) {
		o.Metrics = true
		o.Counters = func() Counters {
			return Counters{Checks: map[string]int{"TCP": 7}, Refused: map[string]uint64{"raft": 3}}
		}
	})
	n.ask(t, "GET", "/nacos/nothing")
	n.ask(t, "GET", "/elsewhere")
	n.ask(t, "GET", "/nacos/v1/ns/instance/list")
	n.ask(t, "POST", instancePath, "serviceName=s", "ip=10.0.0.1", "port=80")
	n.ask(t, "POST", instancePath, "serviceName=s", "ip=10.0.0.2", "port=80")
	status, body := n.ask(t, "GET", "/nacos/actuator/prometheus")
	require.Equal(t, 200, status)
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(body))
	require.NoError(t, err, body)
	values := map[string]float64{}
	for _, metric := range families["nacos_monitor"].GetMetric() {
		values[metric.GetLabel()[0].GetValue()+"/"+metric.GetLabel()[1].GetValue()] = metric.GetGauge().GetValue()
	}
	require.Equal(t, map[string]float64{
		"naming/serviceCount": 1, "naming/ipCount": 2, "naming/subscriberCount": 0, "naming/leaderStatus": 0, "naming/totalPush": 0,
		"naming/failedPush": 0, "naming/emptyPush": 0, "naming/avgPushCost": -1, "naming/maxPushCost": -1, "naming/totalPushCountForAvg": 0,
		"naming/totalPushCostForAvg": 0, "naming/tcpHealthCheck": 7, "naming/httpHealthCheck": 0, "naming/mysqlHealthCheck": 0, "core/longConnection": 0,
	}, values)
	for _, line := range []string{
		`nacos_naming_subscriber{version="v1"} 0`, `muster_refused_total{what="raft"} 3`,
		`http_server_requests_seconds_count{exception="None",method="POST",outcome="SUCCESS",status="200",uri="/v1/ns/instance"} 2`,
		`http_server_requests_seconds_count{exception="None",method="GET",outcome="CLIENT_ERROR",status="404",uri="/**"} 2`,
		`http_server_requests_seconds_count{exception="None",method="GET",outcome="CLIENT_ERROR",status="400",uri="/v1/ns/instance/list"} 1`,
		`http_server_requests_seconds_max{exception="None",method="GET",outcome="CLIENT_ERROR",status="400",uri="/v1/ns/instance/list"} `,
	} {
		require.Contains(t, body, line)
	}
	require.Contains(t, body, `nacos_naming_publisher{version="v1"} 2`)
}

func TestMetricsAreHiddenUnlessAskedFor(t *testing.T) {
	status, _ := newNode(t, nil).ask(t, "GET", "/nacos/actuator/prometheus")
	require.Equal(t, 404, status)
}
