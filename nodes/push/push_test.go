package push_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/anypb"

	"muster/model"
	"muster/nodes/push"
	"muster/nodes/registry"
	"muster/nodes/rpc"
)

var orders = model.Service{Namespace: "public", Group: "DEFAULT_GROUP", Name: "orders"}

func instance() registry.Published {
	return registry.Published{IP: "10.1.0.1", Port: 80, Cluster: "c1", Healthy: true, Weight: 2, Enabled: true, InstanceID: "i",
		Metadata: map[string]string{registry.BeatTimeoutKey: "3000", registry.DeleteTimeoutKey: "-1"}}
}

func TestServiceInfo(t *testing.T) {
	state := registry.New(registry.Options{})
	require.NoError(t, state.RegisterEphemeral(orders, instance()))
	all, other := "", "c2"
	host := `{"instanceId":"i","ip":"10.1.0.1","port":80,"weight":2.0,"healthy":true,"enabled":true,"ephemeral":true,"clusterName":"c1",
		"serviceName":"DEFAULT_GROUP@@orders","metadata":{"preserved.heart.beat.timeout":"3000","preserved.ip.delete.timeout":"-1"},
		"instanceHeartBeatInterval":5000,"instanceHeartBeatTimeOut":3000,"ipDeleteTimeout":30000}`
	for _, test := range []struct {
		info push.ServiceInfo
		want string
	}{
		{push.ServiceInfo{Name: &orders.Name, Group: &orders.Group, Clusters: &all},
			`"name":"orders","groupName":"DEFAULT_GROUP","clusters":"","hosts":[` + host + `]`},
		{push.ServiceInfo{Name: &orders.Name, Clusters: &other}, `"name":"orders","clusters":"c2","hosts":[]`},
		{push.ServiceInfo{}, `"hosts":[` + host + `]`},
	} {
		var got map[string]any
		require.NoError(t, json.Unmarshal(test.info.JSON(state, state.View(orders)), &got))
		require.NotZero(t, got["lastRefTime"])
		delete(got, "lastRefTime")
		var want map[string]any
		require.NoError(t, json.Unmarshal([]byte(
			`{"cacheMillis":10000,"checksum":"","allIPs":false,"reachProtectionThreshold":false,"valid":true,`+test.want+`}`), &want))
		require.Equal(t, want, got)
	}
}

// A subscriber that refuses a push is sent the service again, as it is by then.
func TestPushUntilTaken(t *testing.T) {
	state := registry.New(registry.Options{})
	server := rpc.NewSDK(rpc.SDKOptions{Log: slog.New(slog.DiscardHandler),
		Opened: func(c *rpc.Connection) {
			state.Connect(registry.Connection{ID: c.ID})
			require.NoError(t, state.Subscribe(c.ID, registry.Subscription{Service: orders}))
		}})
	push.New(state, server)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go server.Serve(listener)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		server.Stop(ctx)
	})
	transport, err := grpc.NewClient("passthrough:///"+listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	defer transport.Close()
	stream, err := transport.NewStream(t.Context(), &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, "/BiRequestStream/requestBiStream")
	require.NoError(t, err)
	send := func(kind, body string) {
		require.NoError(t, stream.SendMsg(&rpc.Payload{Metadata: &rpc.Metadata{Type: kind}, Body: &anypb.Any{Value: []byte(body)}}))
	}
	send("ConnectionSetupRequest", `{"labels":{}}`)
	for hosts := range 2 {
		got := new(rpc.Payload)
		require.NoError(t, stream.RecvMsg(got))
		require.Equal(t, "NotifySubscriberRequest", got.GetMetadata().GetType())
		var notice struct {
			RequestID   string
			Module      string
			ServiceInfo struct {
				Name  string
				Hosts []json.RawMessage
			}
		}
		require.NoError(t, json.Unmarshal(got.GetBody().GetValue(), &notice))
		require.Equal(t, "naming", notice.Module)
		require.Equal(t, "orders", notice.ServiceInfo.Name)
		require.Len(t, notice.ServiceInfo.Hosts, hosts)
		require.NoError(t, state.RegisterEphemeral(orders, instance()))
		send("NotifySubscriberResponse", `{"resultCode":500,"requestId":"`+notice.RequestID+`"}`)
	}
}
