package sdk

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"muster/nodes/auth"
	"muster/nodes/registry"
	"muster/nodes/rpc"
)

func TestRequestsCarryTokens(t *testing.T) {
	hash, err := bcrypt.GenerateFromPassword([]byte("pass"), bcrypt.MinCost)
	require.NoError(t, err)
	accounts, directory := auth.Accounts{
		SecretKey: base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 64))), Identity: auth.Identity{Key: "k", Value: "v"},
		Users: []auth.User{{Name: "shop", Password: string(hash), Roles: []string{"orders"}}, {Name: "nacos", Password: string(hash), Roles: []string{auth.AdminRole}}},
		Roles: []auth.Role{{Name: "orders", Permissions: []auth.Permission{{Resource: "public:DEFAULT_GROUP:naming/orders", Action: "rw"}}}},
	}, auth.NewDirectory()
	seed, err := accounts.Seed().Encode()
	require.NoError(t, err)
	require.Nil(t, directory.ApplyCommand(seed))
	guard, err := auth.New(accounts, directory)
	require.NoError(t, err)
	session, err := guard.Login(t.Context(), auth.Credentials{Name: "shop", Password: "pass"})
	require.NoError(t, err)
	state := registry.New(registry.Options{})
	server := New(Options{Registry: state, Log: slog.New(slog.DiscardHandler), Auth: guard})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go server.Serve(listener)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	transport, err := grpc.NewClient("passthrough:///"+listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	defer func() {
		transport.Close()
		server.Stop(ctx)
	}()
	stream, err := transport.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, "/BiRequestStream/requestBiStream")
	require.NoError(t, err)
	setup, err := rpc.Encode(rpc.ConnectionSetupRequest{Labels: map[string]string{"module": "naming"}})
	require.NoError(t, err)
	require.NoError(t, stream.SendMsg(setup))
	require.Eventually(t, func() bool { return len(server.Connections()) > 0 }, time.Minute, time.Millisecond)

	for _, c := range []struct {
		kind, body string
		headers    map[string]string
		answer     string
		message    string
	}{
		{"InstanceRequest", `{` + ofOrders + `,"type":"registerInstance","instance":{"ip":"10.1.0.1","port":80}}`, nil, "InstanceResponse", string(auth.Unknown)},
		{"InstanceRequest", `{` + ofOrders + `,"type":"registerInstance","instance":{"ip":"10.1.0.1","port":80}}`,
			map[string]string{"accessToken": session.Token}, "InstanceResponse", ""},
		{"ServiceQueryRequest", `{` + ofOrders + `}`, map[string]string{"accessToken": session.Token + "x"}, "QueryServiceResponse", string(auth.TokenForged)},
		{"ServiceQueryRequest", `{` + ofOrders + `}`, map[string]string{"accessToken": session.Token}, "QueryServiceResponse", ""},
		{"ServiceQueryRequest", `{"namespace":"","groupName":"DEFAULT_GROUP","serviceName":"orders"}`, map[string]string{"Authorization": "Bearer " + session.Token},
			"QueryServiceResponse", ""},
		{"ServiceQueryRequest", `{"namespace":"dev","groupName":"DEFAULT_GROUP","serviceName":"orders"}`, map[string]string{"accessToken": session.Token},
			"QueryServiceResponse", string(auth.NotPermitted)},
		{"SubscribeServiceRequest", `{"namespace":"public","groupName":"g","serviceName":"orders","subscribe":true}`,
			map[string]string{"accessToken": session.Token}, "SubscribeServiceResponse", string(auth.NotPermitted)},
		{"ServiceListRequest", `{"namespace":"public","groupName":"DEFAULT_GROUP","pageNo":1,"pageSize":9}`,
			map[string]string{"accessToken": session.Token}, "ServiceListResponse", string(auth.NotPermitted)},
		{"BatchInstanceRequest", `{"namespace":"public","groupName":"g","serviceName":"s","type":"batchRegisterInstance","instances":[]}`, nil,
			"BatchInstanceResponse", string(auth.Unknown)},
		{"PersistentInstanceRequest", `{"namespace":"public","groupName":"g","serviceName":"s","type":"registerInstance","instance":{}}`, nil,
			"InstanceResponse", string(auth.Unknown)},
		{"HealthCheckRequest", `{}`, nil, "HealthCheckResponse", ""},
	} {
		request, got := &rpc.Payload{}, &rpc.Payload{}
		encoded, err := rpc.Encode(json.RawMessage(c.body))
		require.NoError(t, err)
		request.Body, request.Metadata = encoded.GetBody(), &rpc.Metadata{Type: c.kind, Headers: c.headers}
		require.NoError(t, transport.Invoke(ctx, "/Request/request", request, got))
		require.Equal(t, c.answer, got.GetMetadata().GetType())
		var result rpc.Result
		require.NoError(t, json.Unmarshal(got.GetBody().GetValue(), &result))
		if c.message == "" {
			require.True(t, result.Success, "%s: %s", c.kind, got.GetBody().GetValue())
			continue
		}
		require.Equal(t, rpc.Result{ResultCode: 500, ErrorCode: 403, Message: c.message}, result, c.kind)
	}
	require.Len(t, state.FreshView(orders).Hosts, 1)
}

func TestBatchesAreLimited(t *testing.T) {
	h := newHandlers()
	one := `{"ip":"10.1.0.1"}`
	_, err := ask(t, h.batch, `{`+ofOrders+`,"type":"batchRegisterInstance","instances":[`+strings.Repeat(one+",", maxBatch)+one+`]}`)
	require.EqualError(t, err, "error 400: 10001 instances: want at most 10000 in a batch")
}
