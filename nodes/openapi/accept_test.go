package openapi

import (
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// Statuses, types and beginnings of bodies are those of Nacos 2.5.0.
func TestAnswersComeAsTheClientTakesThem(t *testing.T) {
	n := newNode(t, nil)
	const (
		text       = "text/plain;charset=UTF-8"
		whitelabel = "<html><body><h1>Whitelabel Error Page</h1>"
		tomcat     = "<!doctype html>"
	)
	for _, test := range []struct {
		method, path, accept string
		status               int
		media, begins        string
	}{
		{"GET", "/nacos/v2/ns/instance/list?serviceName=x", "application/json;q=0.5", 200, mediaJSON, `{"code":0`},
		{"GET", "/nacos/v2/ns/instance/list?serviceName=x", "text/plain", 406, "", ""},
		{"GET", "/nacos/v2/ns/instance/list?serviceName=x", "text/html", 406, "text/html;charset=UTF-8", whitelabel},
		{"GET", "/nacos/v2/ns/instance/list?serviceName=x", "bogus", 400, "", ""},
		{"GET", "/nacos/v2/ns/instance/list", "text/plain", 400, "", ""},
		{"POST", "/nacos/v2/ns/instance/list", "text/plain", 405, "", ""},
		{"GET", "/nacos/v2/ns/service?serviceName=x", "text/plain", 500, "", ""},
		{"GET", "/nacos/v2/ns/service?serviceName=x", "text/html", 500, "text/html;charset=UTF-8", whitelabel},
		{"GET", "/nacos/v2/console/namespace?namespaceId=x", "text/plain", 500, "", ""},
		{"GET", "/nacos/v2/console/namespace", "text/plain", 400, "", ""},
		{"GET", "/nacos/v2/ns/service/list?pageNo=x", "text/plain", 400, "", ""},
		{"POST", "/nacos/v2/ns/service?serviceName=x&protectThreshold=y", "text/plain", 400, "", ""},
		{"POST", "/nacos/v2/core/ops/raft", "text/plain", 400, "", ""},
		{"PUT", "/nacos/v2/core/cluster/lookup", "text/plain", 500, "", ""},
		{"GET", "/nacos/v1/ns/instance/list?serviceName=x", "text/plain", 500, text, "caused: Could not find acceptable representation;"},
		{"GET", "/nacos/v1/ns/instance/list?serviceName=x", "bogus", 500, "", ""},
		{"GET", "/nacos/v1/ns/instance", "application/xml", 400, "application/xml;charset=UTF-8", "Param 'serviceName' is required."},
		{"GET", "/nacos/v1/ns/instance", "bogus", 400, "", ""},
		{"GET", "/nacos/v1/ns/nothing", "text/plain", 501, "", ""},
		{"GET", "/nacos/v1/ns/nothing", "text/*", 501, "text/html;charset=UTF-8", whitelabel},
		{"DELETE", "/nacos/v1/ns/instance?serviceName=a&ip=1.1.1.1&port=1", "application/xml", 200, "application/xml;charset=UTF-8", "ok"},
		{"DELETE", "/nacos/v1/ns/instance?serviceName=a&ip=1.1.1.1&port=1", "bogus", 500, "", ""},
		{"TRACE", "/nacos/v1/ns/instance", "", 405, "text/html;charset=utf-8", tomcat},
		{"OPTIONS", "/nacos/v2/ns/catalog/instances", "", 200, "", ""},
		{"GET", "/nacos/v1/ns/instance;a=b", "", 500, mediaJSON, `{"timestamp":`},
		{"GET", "/nacos/v1/ns", "", 501, mediaJSON, `{"timestamp":`},
		{"GET", "/nacos/../elsewhere", "", 404, "text/html;charset=utf-8", tomcat},
		{"GET", "/nacos/v2/./ns/instance/list", "", 500, mediaJSON, `{"timestamp":`},
		{"GET", "/nacos/v1/ns/instance/..", "", 500, mediaJSON, `{"timestamp":`},
		{"GET", "/elsewhere", "", 404, "text/html;charset=utf-8", tomcat},
		{"GET", "/nacos/v1/ns/instance/list?serviceName=[a]", "", 400, "text/html;charset=utf-8", tomcat},
	} {
		request, err := http.NewRequest(test.method, "http://"+n.address+test.path, nil)
		require.NoError(t, err)
		request.Header.Set("Accept", test.accept)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, test.status, response.StatusCode, "%s %s", test.path, test.accept)
		require.Equal(t, test.media, response.Header.Get("Content-Type"), "%s %s", test.path, test.accept)
		runnable := test.media != "" && test.media != text && test.media != mediaJSON
		require.Equal(t, runnable, response.Header.Get("Content-Security-Policy") != "", "%s %s", test.path, test.accept)
		require.Regexp(t, "^"+test.begins, string(body), "%s %s", test.path, test.accept)
		require.Equal(t, test.begins == "", len(body) == 0, "%s %s: %s", test.path, test.accept, body)
	}
}
