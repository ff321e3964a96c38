package openapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pingcap/failpoint"
	"github.com/stretchr/testify/require"

	"muster/model"
	"muster/nodes/registry"
)

const (
	instanceTwo = "/nacos/v2/ns/instance"
	okTwo       = `{"code":0,"message":"success","data":"ok"}`
)

func TestVersionTwoWritesAtTheOwner(t *testing.T) {
	owner := newNode(t, nil)
	responsible := owner.address
	n := newNode(t, func(o *Options) { o.Owner = func(string) string { return responsible } })
	address := []string{"serviceName=s", "ip=10.0.0.1", "port=80"}

	status, body := n.ask(t, "POST", instanceTwo, address...)
	require.Equal(t, 200, status)
	require.JSONEq(t, okTwo, body)
	require.Equal(t, []string{"10.0.0.1:80#true"}, owner.Registry.Clients())
	require.Empty(t, n.Registry.Clients())
	status, body = n.ask(t, "PUT", instanceTwo+"/beat", "serviceName=DEFAULT_GROUP@@s", "ip=10.0.0.1", "port=80")
	require.Equal(t, 200, status)
	require.Contains(t, body, `"code":10200`, "the owner knows it")

	status, body = n.ask(t, "POST", instanceTwo, append(address, "weight=-1")...)
	require.Equal(t, 400, status)
	require.Contains(t, body, `"code":21001`, "what is refused anyway goes nowhere")
	status, body = n.ask(t, "POST", instanceTwo, "serviceName=p", "ip=10.0.0.1", "port=80", "ephemeral=false")
	require.Equal(t, 200, status, body)
	require.Equal(t, []string{"10.0.0.1:80#false"}, n.Registry.Clients(), "the Raft group is everywhere")

	status, _ = n.ask(t, "DELETE", instanceTwo, address...)
	require.Equal(t, 200, status)
	require.Empty(t, owner.Registry.EphemeralClients())

	responsible = "127.0.0.1:1"
	status, body = n.ask(t, "POST", instanceTwo, address...)
	require.Equal(t, 500, status)
	require.Contains(t, body, `"code":30000`)
	require.Empty(t, n.Registry.EphemeralClients(), "a write that the owner did not take is not kept")
}

func TestVersionTwoStaysLocal(t *testing.T) {
	name := "muster/nodes/" + string(VersionTwoStaysLocal)
	require.NoError(t, failpoint.Enable(name, "return(true)"))
	t.Cleanup(func() { require.NoError(t, failpoint.Disable(name)) })
	owner := newNode(t, nil)
	n := newNode(t, func(o *Options) { o.Owner = func(string) string { return owner.address } })
	status, _ := n.ask(t, "POST", instanceTwo, "serviceName=s", "ip=10.0.0.1", "port=80")
	require.Equal(t, 200, status)
	require.Empty(t, owner.Registry.Clients())
	require.Equal(t, []string{"10.0.0.1:80#true"}, n.Registry.Clients())
}

// Two nodes that see different members must not forward to each other for ever.
func TestVersionTwoRefusesLoops(t *testing.T) {
	n := newNode(t, func(o *Options) { o.Owner = func(string) string { return "127.0.0.1:1" } })
	request, err := http.NewRequest("POST", "http://"+n.address+instanceTwo+"?serviceName=s&ip=10.0.0.1&port=80", nil)
	require.NoError(t, err)
	request.Header.Set("User-Agent", peerAgent)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	response.Body.Close()
	require.Equal(t, 400, response.StatusCode)
}

func TestVersionTwoFailures(t *testing.T) {
	n := newNode(t, func(o *Options) {
		o.Propose = func(_ context.Context, c registry.Command) error {
			if c.Kind == registry.CreateNamespace {
				return registry.ErrNamespaceExists
			}
			return errors.New("no leader is known")
		}
	})
	for _, c := range []struct {
		method, path, parameters string
		status                   int
		answer                   string
	}{
		{"POST", "/ns/instance", "serviceName=s&ip=1.1.1.1&port=80&ephemeral=false", 500,
			`{"code":30000,"message":"server error","data":"caused: no leader is known;"}`},
		{"POST", "/console/namespace", "namespaceId=a&namespaceName=b", 400,
			`{"code":22000,"message":"illegal namespace","data":"the namespaceId is existed, namespaceId: a"}`},
		{"GET", "/ns/instance", "serviceName=s&ip=1.1.1.1&port=", 400,
			`{"code":10000,"message":"parameter missing","data":"Required request parameter 'port' for method parameter type Integer is present but converted to null"}`},
		{"GET", "/ns/service/list", "pageSize=1.5", 500, `{"code":30000,"message":"Failed to convert value of type 'java.lang.String' to required type ` +
			`'java.lang.Integer'; nested exception is java.lang.NumberFormatException: For input string: \"1.5\"","data":null}`},
		{"PUT", "/core/cluster/lookup", "type=moon", 400, `{"code":20002,"message":"parameter validate error",` +
			`"data":"The addressing mode exists : moon, just support : [[FILE_CONFIG]]"}`},
		{"POST", "/core/ops/raft", "", 500, `{"code":500,"message":"caused: Required request body is missing: public com.alibaba.nacos.common.model.` +
			`RestResult&lt;java.lang.String&gt; com.alibaba.nacos.core.controller.v2.CoreOpsV2Controller.raftOps(java.util.Map&lt;java.lang.String, ` +
			`java.lang.String&gt;);","data":null}`},
		{"POST", "/console/namespace/list", "", 500, `{"code":500,"message":"caused: Request method &#39;POST&#39; not supported;","data":null}`},
	} {
		status, body := n.ask(t, c.method, "/nacos/v2"+c.path, strings.FieldsFunc(c.parameters, func(r rune) bool { return r == '&' })...)
		require.Equal(t, c.status, status, c.path)
		require.JSONEq(t, c.answer, body, c.path)
	}
}

// Fields that do not convert are told in the order in which they came, not in that of the form.
func TestBindForm(t *testing.T) {
	n := newNode(t, nil)
	response, err := http.Post("http://"+n.address+instanceTwo+"?weight=heavy&serviceName=s&ip=1.1.1.1&port=80&enabled=maybe", "", nil)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, 500, response.StatusCode)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Regexp(t, `2 errors.+on field 'weight'.+on field 'enabled'`, string(body))
}

func TestNamespacesOfTheOldConsole(t *testing.T) {
	n := newNode(t, nil)
	const path = "/nacos/v1/console/namespaces"
	ask := func(method, want string, parameters ...string) {
		status, body := n.ask(t, method, path, parameters...)
		require.Equal(t, 200, status, body)
		require.JSONEq(t, want, body)
	}
	const public = `{"namespace":"","namespaceShowName":"public","namespaceDesc":"Default Namespace","quota":200,"configCount":0,"type":0}`
	ask("POST", "true", "customNamespaceId=a", "namespaceName=one")
	ask("POST", "false", "customNamespaceId=a", "namespaceName=one")
	ask("GET", "true", "checkNamespaceIdExist=true", "customNamespaceId=a")
	ask("PUT", "true", "namespace=a", "namespaceShowName=uno", "namespaceDesc=first")
	const a = `{"namespace":"a","namespaceShowName":"uno","namespaceDesc":"first","quota":200,"configCount":0,"type":2}`
	ask("GET", a, "show=all", "namespaceId=a")
	ask("GET", `{"code":200,"message":null,"data":[`+public+`,`+a+`]}`)
	ask("DELETE", "true", "namespaceId=a")
	ask("GET", `{"code":200,"message":null,"data":[`+public+`]}`)

	ask("POST", "true", "customNamespaceId=", "namespaceName=unnamed")
	made := n.Registry.Namespaces()
	require.Len(t, made, 1)
	require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, made[0].ID)
}

func TestProbesOfConnections(t *testing.T) {
	n := newNode(t, nil)
	const id, client = "1700000000000_127.0.0.1_50000", "/nacos/v2/ns/client"
	orders := model.Service{Namespace: "public", Group: "DEFAULT_GROUP", Name: "orders"}
	n.Registry.Connect(registry.Connection{ID: id, App: "shop", Agent: "Nacos-Go-Client:v2.3.2", IP: "10.9.9.9", Port: 50000})
	require.NoError(t, n.Registry.Subscribe(id, registry.Subscription{Service: orders}))
	ask := func(want, path string, parameters ...string) {
		status, body := n.ask(t, "GET", client+path, parameters...)
		require.Equal(t, 200, status, body)
		require.Contains(t, body, want)
	}
	ask(`"clientType":"connection","connectType":"GRPC","appName":"shop","version":"Nacos-Go-Client:v2.3.2","clientIp":"10.9.9.9","clientPort":"50000"`,
		"", "clientId="+id)
	ask(`"subscriberInfo":{"app":"shop","agent":"Nacos-Go-Client:v2.3.2","addr":"10.9.9.9"}`, "/subscribe/list", "clientId="+id)
	ask(`"data":[{"clientId":"`+id+`","ip":"10.9.9.9","port":0}]`, "/service/subscriber/list", "serviceName=orders", "ip=10.9.9.9")
	ask(`"data":[]`, "/service/subscriber/list", "serviceName=orders", "ip=10.0.0.1")

	status, metrics := n.ask(t, "GET", "/nacos/v2/ns/ops/metrics", "onlyStatus=false")
	require.Equal(t, 200, status)
	require.Contains(t, metrics, `"subscribeCount":1,"clientCount":1,"connectionBasedClientCount":1,"ephemeralIpPortClientCount":0`)

	n.Registry.Disconnect(id)
	status, body := n.ask(t, "GET", client, "clientId="+id)
	require.Equal(t, 404, status, body)
	ask(`"data":[]`, "/list")

	const remote = "1700000000000_127.0.0.1_50001"
	require.NoError(t, n.Registry.ApplySync(registry.ClientData{ID: remote, Revision: 1}))
	status, body = n.ask(t, "GET", client, "clientId="+remote)
	require.Equal(t, 500, status)
	require.Contains(t, body, "Cannot invoke")
	ask(`"data":[]`, "/subscribe/list", "clientId="+remote)
}

// GET /catalog/services?withInstances=true: as Nacos 2.5.0 answers, nulls and all.
func TestServicesWithTheirInstances(t *testing.T) {
	node := newNode(t, nil)
	node.requireServing(t)
	for _, parameters := range [][]string{
		{"serviceName=orders", "ip=10.0.0.9", "port=80", "metadata=x=y"},
		{"serviceName=orders", "ip=10.0.0.8", "port=80", "clusterName=c2", "weight=2", "enabled=false"},
	} {
		status, text := node.ask(t, http.MethodPost, "/nacos/v1/ns/instance", parameters...)
		require.Equal(t, http.StatusOK, status, text)
	}
	const want = `[{"namespace":null,"serviceName":"orders","groupName":"DEFAULT_GROUP","clusterMap":{
		"DEFAULT":{"clusterName":null,"healthChecker":null,"metadata":null,"hosts":[{"valid":true,"metadata":{"x":"y"},"port":80,"ip":"10.0.0.9","weight":1.0,"enabled":true}]},
		"c2":{"clusterName":null,"healthChecker":null,"metadata":null,"hosts":[{"valid":true,"metadata":{},"port":80,"ip":"10.0.0.8","weight":2.0,"enabled":false}]}},
		"metadata":{},"protectThreshold":0.0,"selector":null,"ephemeral":null}]`
	ask := func() string {
		_, text := node.ask(t, http.MethodGet, "/nacos/v1/ns/catalog/services", "pageNo=1", "pageSize=10", "withInstances=true")
		return text
	}
	require.Eventually(t, func() bool { return strings.Contains(ask(), "10.0.0.8") }, time.Minute, 50*time.Millisecond)
	require.JSONEq(t, want, ask())
	require.Contains(t, ask(), `"weight":2.0`)
}
