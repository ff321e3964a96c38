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
	n := newNode(t, func(o *Options) { o.Metrics = true })
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
		"naming/failedPush": 0, "core/longConnection": 0,
	}, values)
	require.Contains(t, body, `nacos_naming_publisher{version="v1"} 2`)
}

func TestMetricsAreHiddenUnlessAskedFor(t *testing.T) {
	status, _ := newNode(t, nil).ask(t, "GET", "/nacos/actuator/prometheus")
	require.Equal(t, 404, status)
}
