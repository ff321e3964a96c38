package openapi

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	clientThree = "/nacos/v3/client/ns/instance"
	adminThree  = "/nacos/v3/admin/ns/"
	coreThree   = "/nacos/v3/admin/core/"
)

// hostThree is an instance as version 3 lists it.
const hostThree = `{"ip":"10.0.0.1","port":80,"weight":1.0,"healthy":true,"enabled":true,"ephemeral":true,"clusterName":"DEFAULT",
	"serviceName":"DEFAULT_GROUP@@s","metadata":{"zone":"a"},"instanceHeartBeatInterval":5000,"instanceHeartBeatTimeOut":15000,"ipDeleteTimeout":30000}`

func enveloped(data string) string { return `{"code":0,"message":"success","data":` + data + `}` }

// Each answer follows from those before it.
func TestVersionThree(t *testing.T) {
	n := newNode(t, func(o *Options) {
		o.Operate = func(_ context.Context, command, value string) error {
			if value == "nobody" {
				return errors.New("no such member")
			}
			return nil
		}
		o.RaftOperations = []string{"transferLeader"}
	})
	instance := []string{"serviceName=s", "ip=10.0.0.1", "port=80", "metadata=zone=a"}
	for _, c := range []struct {
		method, path string
		parameters   []string
		status       int
		body         string
	}{
		{"POST", clientThree, append(instance, "heartBeat=true"), 200, `{"code":21003,"message":"instance not found","data":null}`},
		{"POST", clientThree, instance, 200, okTwo},
		{"POST", clientThree, append(instance, "heartBeat=true"), 200, okTwo},
		{"POST", clientThree, []string{"serviceName=s"}, 400, `{"code":10000,"message":"parameter missing","data":"Required parameter 'ip' type String is not present"}`},
		{"GET", adminThree + "service/list", nil, 200, enveloped(`{"totalCount":1,"pageNumber":1,"pagesAvailable":1,"pageItems":[
			{"name":"s","groupName":"DEFAULT_GROUP","clusterCount":1,"ipCount":1,"healthyInstanceCount":1,"triggerFlag":"false"}]}`)},
		{"GET", clientThree + "/list", []string{"serviceName=s"}, 200, enveloped("[" + hostThree + "]")},
		{"GET", clientThree + "/list", []string{"serviceName=none"}, 200, enveloped("[]")},
		{"GET", adminThree + "instance/list", []string{"serviceName=s"}, 200, enveloped("[" + hostThree + "]")},
		{"GET", adminThree + "instance/list", []string{"serviceName=none"}, 404, `{"code":30000,"message":"server error","data":"service DEFAULT_GROUP@@none is not found!"}`},
		{"GET", adminThree + "instance/list", []string{"serviceName=s", "clusterName=c"}, 404, `{"code":30000,"message":"server error","data":"cluster c is not found!"}`},
		{"GET", adminThree + "instance", instance, 200, enveloped(hostThree)},
		{"PUT", adminThree + "instance/partial", []string{"serviceName=s", "ip=10.0.0.1", "port=80", "weight=7"}, 200, okTwo},
		{"PUT", adminThree + "instance/partial", []string{"serviceName=s", "ip=10.0.0.9", "port=80"}, 404, `{"code":20004,"message":"resource not found","data":"no matched ip found!"}`},
		{"GET", adminThree + "service", []string{"serviceName=s"}, 200, enveloped(`{"namespaceId":"public","serviceName":"s","groupName":"DEFAULT_GROUP","clusterMap":{"DEFAULT":
			{"clusterName":"DEFAULT","healthChecker":{"type":"TCP"},"healthyCheckPort":80,"useInstancePortForCheck":true,"metadata":{},"hosts":null}},
			"metadata":{},"protectThreshold":0.0,"selector":{"type":"none","contextType":"NONE"},"ephemeral":true}`)},
		{"GET", adminThree + "service/list", []string{"pageSize=0"}, 400, `{"code":20002,"message":"parameter validate error","data":"Required parameter 'pageSize' should be positive integer"}`},
		{"GET", adminThree + "service/subscribers", []string{"serviceName=s"}, 200, enveloped(`{"totalCount":0,"pageNumber":1,"pagesAvailable":0,"pageItems":[]}`)},
		{"GET", adminThree + "service/selector/types", nil, 200, enveloped(`["label","none"]`)},
		{"PUT", adminThree + "cluster", []string{"serviceName=s", "clusterName=DEFAULT", "checkPort=90"}, 400,
			`{"code":10000,"message":"parameter missing","data":"Required parameter 'useInstancePort4Check' type Boolean is not present"}`},
		{"PUT", adminThree + "cluster", []string{"serviceName=s", "clusterName=DEFAULT", "checkPort=90", "useInstancePort4Check=false", `healthChecker={"type":"NONE"}`}, 200, okTwo},
		{"GET", adminThree + "client/publish/list", []string{"clientId=10.0.0.1:80#true"}, 200, enveloped(`[{"namespaceId":"public","groupName":"DEFAULT_GROUP",
			"serviceName":"s","publisherInfo":{"clientId":"10.0.0.1:80#true","ip":"10.0.0.1","port":80,"clusterName":"DEFAULT"},"subscriberInfo":null}]`)},
		{"GET", adminThree + "client/service/publisher/list", []string{"serviceName=s", "ip=10.0.0.1"}, 200,
			enveloped(`[{"clientId":"10.0.0.1:80#true","ip":"10.0.0.1","port":80,"clusterName":"DEFAULT"}]`)},
		{"POST", clientThree, append(instance, "clusterName=other", "ip=10.0.0.2"), 200, okTwo},
		{"GET", clientThree + "/list", []string{"serviceName=s", "clusterName=none"}, 200, enveloped("[]")},
		{"GET", clientThree + "/list", []string{"serviceName=s"}, 200, enveloped("[" + strings.Replace(hostThree, `"weight":1.0`, `"weight":7.0`, 1) + "]")},
		{"GET", adminThree + "client/service/subscriber/list", []string{"serviceName=s"}, 200, enveloped(`[]`)},
		{"DELETE", adminThree + "service", []string{"serviceName=s"}, 400,
			`{"code":21009,"message":"service delete failure","data":"Service DEFAULT_GROUP@@s is not empty, can't be delete. Please unregister instance first"}`},
		{"DELETE", clientThree, instance, 200, okTwo},

		{"POST", coreThree + "ops/raft", nil, 500, `{"code":30000,"message":"Required request body is missing: com.alibaba.nacos.core.controller.v3.CoreOpsControllerV3.raftOps","data":null}`},
		{"GET", coreThree + "ops/ids", nil, 200, enveloped("[]")},
		{"GET", coreThree + "state/readiness", nil, 200, okTwo},
		{"POST", coreThree + "namespace", []string{"namespaceId=public", "namespaceName=x"}, 400,
			`{"code":22000,"message":"illegal namespace","data":"the namespaceId is existed, namespaceId: public"}`},
		{"POST", coreThree + "namespace", []string{"namespaceId=dev", "namespaceName=x"}, 200, enveloped("true")},
		{"GET", coreThree + "namespace/check", []string{"namespaceId=dev"}, 200, enveloped("1")},
		{"GET", coreThree + "namespace/check", []string{"namespaceId=none"}, 200, enveloped("0")},
		{"GET", coreThree + "namespace", []string{"namespaceId=public"}, 200,
			enveloped(`{"namespace":"public","namespaceShowName":"public","namespaceDesc":"Default Namespace","quota":200,"configCount":0,"type":0}`)},
		{"GET", coreThree + "cluster/node/list", []string{"state=odd"}, 400, `{"code":23000,"message":"illegal state","data":"Illegal state: odd"}`},
	} {
		// A change is listed when subscribers would be told of it; FreshView does not wait for that.
		parameters := c.parameters
		if c.method == "GET" {
			parameters = append(append([]string{}, parameters...), "read=linearizable")
		}
		status, body := n.ask(t, c.method, c.path, parameters...)
		require.Equal(t, c.status, status, "%s %s %v: %s", c.method, c.path, c.parameters, body)
		require.JSONEq(t, c.body, body, "%s %s %v", c.method, c.path, c.parameters)
	}
}
