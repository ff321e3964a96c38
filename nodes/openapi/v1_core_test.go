package openapi

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Answers are those of Nacos 2.5.0.
func TestCoreOfVersionOne(t *testing.T) {
	n := newNode(t, func(o *Options) { o.RaftOperations = []string{"transferLeader"} })
	for _, test := range []struct {
		method, path, body string
		status             int
		answer             string
	}{
		{"PUT", "/ns/operator/log?logName=a", "", 400, "Parameter 'logLevel' is missing"},
		{"PUT", "/ns/ops/log?logName=a&logLevel=INFO", "", 200, "ok"},
		{"PUT", "/core/ops/log?logName=a&logLevel=INFO", "", 200, "200"},
		{"PUT", "/core/ops/log?logName=a", "", 500, "caused: Required request parameter &#39;logLevel&#39; for method parameter type String is not present;"},
		{"GET", "/ns/operator/distro/client?ip=a&port=", "", 200, `{"responsibleServer":"` + n.address + `"}`},
		{"PUT", "/ns/operator/switches?entry=x&value=1&debug=", "", 500, "caused: Failed to convert value of type 'java.lang.String' to required type " +
			"'boolean'; nested exception is java.lang.IllegalArgumentException: Invalid boolean value [];caused: Invalid boolean value [];"},
		{"POST", "/ns/service?serviceName=s&protectThreshold=1.2.3", "", 500, "caused: Failed to convert value of type 'java.lang.String' to required type " +
			"'float'; nested exception is java.lang.NumberFormatException: multiple points;caused: multiple points;"},
		{"PUT", "/ns/cluster?clusterName=c", "", 400, "Param 'serviceName' is required."},
		{"POST", "/console/namespaces?customNamespaceId=a&namespaceName=", "", 200, "false"},
		{"PUT", "/console/namespaces?namespace=a&namespaceShowName=b@c", "", 200, "false"},
		{"GET", "/core/ops/idInfo", "", 200, `{"code":200,"message":null,"data":{}}`},
		{"POST", "/core/ops/raft", `{"command":"x","value":""}`, 200, `{"code":500,"message":"Not support command : x","data":null}`},
		{"POST", "/core/ops/raft", "", 500, "caused: Required request body is missing: public com.alibaba.nacos.common.model.RestResult&lt;java.lang.String&gt; " +
			"com.alibaba.nacos.core.controller.CoreOpsController.raftOps(java.util.Map&lt;java.lang.String, java.lang.String&gt;);"},
		{"POST", "/core/cluster/switch/lookup?type=file", "", 200, `{"code":200,"message":null,"data":null}`},
		{"POST", "/core/cluster/switch/lookup?type=x", "", 200,
			`{"code":500,"message":"The addressing mode exists : x, just support : [[file, address-server]]","data":null}`},
		{"POST", "/core/cluster/switch/lookup", "", 500, "caused: Required request parameter &#39;type&#39; for method parameter type String is not present;"},
		{"POST", "/core/cluster/report", `{"ip":"1.2.3.4","port":80}`, 200, `{"code":400,"message":"Node information is illegal","data":null}`},
		{"POST", "/core/cluster/server/leave", `["1.2.3.4:80"]`, 200,
			`{"code":405,"message":"/v1/core/cluster/server/leave API not allow to use temporarily.","data":null}`},
	} {
		request, err := http.NewRequest(test.method, "http://"+n.address+"/nacos/v1"+test.path, strings.NewReader(test.body))
		require.NoError(t, err)
		if test.body != "" {
			request.Header.Set("Content-Type", mediaJSON)
		}
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, test.status, response.StatusCode, "%s: %s", test.path, body)
		require.Equal(t, test.answer, string(body), test.path)
	}
}
