package openapi

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHashSetOrder(t *testing.T) {
	for want, texts := range map[string][]string{
		"1 x":           {"x", "1"},
		"3 4":           {"4", "3", "4"},
		" 1.1.1.1":      {"1.1.1.1", ""},
		"x y|1.1.1.1":   {"1.1.1.1", "x y"},
		"a b c d e f g": {"g", "f", "e", "d", "c", "b", "a"},
	} {
		separator := " "
		if strings.Contains(want, "|") {
			separator = "|"
		}
		require.Equal(t, want, strings.Join(inHashSet(texts), separator))
	}
	many := append([]string{"A", "P"}, slices.Repeat([]string{"A"}, leastBuckets)...)
	require.Equal(t, []string{"P", "A"}, inHashSet(many), "the buckets are as many as two texts need")
}

// What is answered is what Nacos 2.5.0 answered.
func TestRepeatedParameters(t *testing.T) {
	n := newNode(t, nil)
	for _, test := range []struct {
		method, target string
		status         int
		contains       string
	}{
		{"POST", "/nacos/v1/ns/instance?serviceName=a&ip=1.1.1.1&ip=2.2.2.2&port=80&weight=x&weight=1", 200, "ok"},
		{"GET", "/nacos/v1/ns/instance?serviceName=a&ip=1.1.1.1&port=80", 200, `"weight":1.0`},
		{"GET", "/nacos/v1/ns/instance?serviceName=a&ip=1.1.1.1&ip=&port=80", 400, "Param 'ip' is required."},
		{"GET", "/nacos/v1/ns/instance?serviceName=a&ip=1.1.1.1&ip=x%20y&port=80", 400, "Param 'ip' is illegal"},
		{"GET", "/nacos/v1/ns/instance/list?serviceName=x&serviceName=1&clusters=x&clusters=1", 200, `"name":"DEFAULT_GROUP@@x","groupName":"DEFAULT_GROUP","clusters":"1"`},
		{"GET", "/nacos/v1/ns/service?serviceName=s&namespaceId=x&namespaceId=public", 400, "namespace: public,x,"},
		{"GET", "/nacos/v1/ns/service/list?pageNo=x&pageNo=2&pageSize=2", 200, `{"count":`},
		{"GET", "/nacos/v2/ns/service?serviceName=s&namespaceId=x&namespaceId=public", 400, "namespace: x,public,"},
		{"GET", "/nacos/v2/ns/instance/list?serviceName=a&serviceName=b", 200, `"name":"DEFAULT_GROUP@@a,b"`},
		{"GET", "/nacos/v2/ns/client?clientId=1&clientId=2", 404, "clientId [ 1,2 ] not exist"},
		{"GET", "/nacos/v2/ns/service/list?pageNo=x&pageNo=2", 500, `type 'java.lang.String[]' to required type 'java.lang.Integer'; nested exception is java.lang.NumberFormatException: For input string: \"x,2\"`},
		{"POST", "/nacos/v2/ns/instance?serviceName=s&ip=1.1.1.1&port=1&port=x&enabled=x&enabled=true", 500, `rejected value [x,true]`},
		{"POST", "/nacos/v2/ns/instance?serviceName=s&ip=1.1.1.1&port=1&port=x&clusterName=a&clusterName=b", 400, "(current: a,b)"},
	} {
		request, err := http.NewRequest(test.method, "http://"+n.address+test.target, nil)
		require.NoError(t, err)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, test.status, response.StatusCode, "%s: %s", test.target, body)
		require.Contains(t, string(body), test.contains, test.target)
	}
}

func TestFormCountsWhereNacosReadsIt(t *testing.T) {
	n := newNode(t, nil)
	const form, multipart = "application/x-www-form-urlencoded", "multipart/form-data"
	for _, test := range []struct {
		method, path, media string
		status              int
		contains            string
	}{
		{"GET", "/nacos/v1/ns/instance/list", form, 400, "Param 'serviceName' is required."},
		{"POST", "/nacos/v2/ns/service", form, 200, okTwo},
		{"DELETE", "/nacos/v2/ns/service", form, 200, okTwo},
		{"GET", "/nacos/v2/ns/service", multipart, 500, `"caused: Failed to parse multipart servlet request;`},
		{"POST", "/nacos/v1/ns/service", multipart, 500, "caused: the request was rejected because no multipart boundary was found;"},
	} {
		request, err := http.NewRequest(test.method, "http://"+n.address+test.path, strings.NewReader("serviceName=s"))
		require.NoError(t, err)
		request.Header.Set("Content-Type", test.media)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, test.status, response.StatusCode, "%s %s: %s", test.method, test.path, body)
		require.Contains(t, string(body), test.contains)
	}
}
