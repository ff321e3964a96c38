package rpc

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/anypb"
)

// sdkClient is one connection to an SDK's port.
type sdkClient struct {
	t         *testing.T
	transport *grpc.ClientConn
	stream    grpc.ClientStream
}

// serveSDK starts a server for SDKs that notes which connections open and close, and connects to it.
func serveSDK(t *testing.T) (server *SDK, client *sdkClient, opened, closed chan *Connection) {
	opened, closed = make(chan *Connection, 9), make(chan *Connection, 9)
	server = NewSDK(SDKOptions{Log: slog.New(slog.DiscardHandler), IP: "10.0.0.1",
		Opened: func(c *Connection) { opened <- c }, Closed: func(c *Connection) { closed <- c }})
	handleEcho(server.Server)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go server.Serve(listener)
	client = &sdkClient{t: t}
	client.transport, err = grpc.NewClient("passthrough:///"+listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() {
		client.transport.Close()
		server.Stop(within(t, 5*time.Second))
	})
	return server, client, opened, closed
}

func payloadOf(kind, body string) *Payload {
	return &Payload{Metadata: &Metadata{Type: kind, ClientIp: "10.9.9.9"}, Body: &anypb.Any{Value: []byte(body)}}
}

// call makes a unary call and returns the answer's type and body.
func (c *sdkClient) call(kind, body string) (string, string) {
	got := new(Payload)
	require.NoError(c.t, c.transport.Invoke(within(c.t, patience), "/Request/request", payloadOf(kind, body), got))
	return got.GetMetadata().GetType(), string(got.GetBody().GetValue())
}

func (c *sdkClient) send(kind, body string) {
	if c.stream == nil {
		c.open()
	}
	require.NoError(c.t, c.stream.SendMsg(payloadOf(kind, body)))
}

// open opens a stream, in place of the one that there may be.
func (c *sdkClient) open() {
	var err error
	c.stream, err = c.transport.NewStream(context.Background(), &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, "/BiRequestStream/requestBiStream")
	require.NoError(c.t, err)
}

// receive takes the next request of the server's.
func (c *sdkClient) receive() *Payload {
	got := new(Payload)
	require.NoError(c.t, c.stream.RecvMsg(got))
	return got
}

func TestOnlyConnectionsThatWereSetUpAreAnswered(t *testing.T) {
	_, client, opened, closed := serveSDK(t)
	for _, test := range []struct{ request, want string }{
		{"DistroDataRequest", `{"resultCode":500,"errorCode":502,"message":" invoke DistroDataRequest from sdk is forbidden","success":false}`},
		{"NoSuchRequest", `{"resultCode":500,"errorCode":302,"message":"RequestHandler Not Found","success":false}`},
		{"EchoRequest", `{"resultCode":500,"errorCode":301,"message":"Connection is unregistered.","success":false}`},
	} {
		kind, body := client.call(test.request, "{broken")
		require.Equal(t, "ErrorResponse", kind)
		require.JSONEq(t, test.want, body)
	}
	_, check := client.call("ServerCheckRequest", "")

	client.send("ConnectionSetupRequest", "{broken")
	client.send("EchoRequest", `{"text":"requests on the stream are ignored"}`)
	client.send("ConnectionSetupRequest", `{"clientVersion":"v","labels":{"module":"naming"},"abilityTable":{}}`)
	ack := client.receive()
	require.Equal(t, "SetupAckRequest", ack.GetMetadata().GetType())
	require.Equal(t, "10.0.0.1", ack.GetMetadata().GetClientIp())
	require.JSONEq(t, `{"headers":{},"module":"internal","abilityTable":{"supportPersistentInstanceByGrpc":true}}`, string(ack.GetBody().GetValue()))
	c := <-opened
	require.Contains(t, check, c.ID)
	require.Equal(t, "10.9.9.9", c.IP)
	require.Equal(t, map[string]string{"module": "naming"}, c.Labels)
	kind, body := client.call("EchoRequest", `{"text":"a"}`)
	require.Equal(t, "EchoResponse", kind)
	require.JSONEq(t, `{"resultCode":200,"errorCode":0,"success":true,"text":"a"}`, body)

	client.send("ConnectionSetupRequest", `{"clientVersion":"other","labels":{},"abilityTable":{}}`)
	require.Equal(t, "SetupAckRequest", client.receive().GetMetadata().GetType())
	require.Equal(t, "v", c.ClientVersion)
	require.Empty(t, opened, "a second setup changes nothing")

	require.NoError(t, client.transport.Close())
	require.Same(t, c, <-closed)
}

// setUp sets a connection up and returns the server's side of it.
func (c *sdkClient) setUp(opened chan *Connection, labels string) *Connection {
	c.send("ConnectionSetupRequest", `{"labels":`+labels+`}`)
	return <-opened
}

func TestAsk(t *testing.T) {
	server, client, opened, _ := serveSDK(t)
	c := client.setUp(opened, `{}`)
	heard := make(chan error, 9)
	ask := func(wait time.Duration) string {
		c.Ask(func(id string) any { return ClientDetectionRequest{NewAsk(id, "internal")} }, wait, func(err error) { heard <- err })
		var asked Ask
		require.NoError(t, json.Unmarshal(client.receive().GetBody().GetValue(), &asked))
		return asked.RequestID
	}
	for _, test := range []struct {
		name, kind, answer string
		// wait is long where the answer must come in time.
		wait time.Duration
		want []error
	}{
		{"done", "ClientDetectionResponse", `{"resultCode":200,"requestId":"ID"}`, patience, []error{nil}},
		{"success does not count, nor does the type", "HealthCheckResponse", `{"success":false,"requestId":"ID"}`, patience, []error{nil}},
		{"refused, and then late", "ClientDetectionResponse", `{"resultCode":500,"requestId":"ID"}`, 2 * time.Second, []error{ErrRefused, context.DeadlineExceeded}},
		{"another's", "ClientDetectionResponse", `{"resultCode":200,"requestId":"no"}`, 300 * time.Millisecond, []error{context.DeadlineExceeded}},
		{"broken", "ClientDetectionResponse", `{broken`, 300 * time.Millisecond, []error{context.DeadlineExceeded}},
	} {
		id := ask(test.wait)
		body := []byte(test.answer)
		if before, after, found := strings.Cut(test.answer, "ID"); found {
			body = []byte(before + id + after)
		}
		client.send(test.kind, string(body))
		for _, want := range test.want {
			require.Equal(t, want, <-heard, test.name)
		}
	}
	require.Empty(t, heard)

	ask(time.Minute)
	require.NoError(t, client.transport.Close())
	require.Equal(t, ErrEnded, <-heard)
	require.Eventually(t, func() bool { return server.Connection(c.ID) == nil }, patience, time.Millisecond)
	c.Ask(func(string) any { return ClientDetectionRequest{} }, time.Minute, func(err error) { heard <- err })
	require.Equal(t, ErrEnded, <-heard)
}

func TestReset(t *testing.T) {
	server, client, opened, _ := serveSDK(t)
	c := client.setUp(opened, `{"source":"sdk"}`)
	for _, test := range []struct{ redirect, want string }{
		{"10.5.5.5:8848", `"serverIp":"10.5.5.5","serverPort":"8848","connectionId":"` + c.ID + `"`},
		{"elsewhere", `"module":"internal"`},
	} {
		asked := make(chan *Payload, 1)
		go func() {
			got := new(Payload)
			if client.stream.RecvMsg(got) == nil {
				asked <- got
			}
		}()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { server.Reset(ctx, c.ID, test.redirect); close(done) }()
		require.Contains(t, string((<-asked).GetBody().GetValue()), test.want)
		cancel()
		<-done
	}
	server.Reset(t.Context(), "1_127.0.0.1_1", "") // nobody
}

// A server that stops ends its streams in good order.
func TestStopEndsStreams(t *testing.T) {
	server, client, opened, _ := serveSDK(t)
	client.setUp(opened, `{}`)
	server.Stop(within(t, 5*time.Second))
	require.Error(t, client.stream.RecvMsg(new(Payload)))
}

// A client that is silent is suspected once, and acquitted by any sign of life.
func TestSuspicion(t *testing.T) {
	c := &Connection{heard: time.Now().Add(-idleTime)}
	require.True(t, c.suspect())
	require.False(t, c.suspect(), "already")
	began := time.Now()
	require.False(t, c.acquit(began))
	c.touch()
	require.True(t, c.acquit(began))
	require.False(t, c.suspect())
}

func TestLabelsThatAreNullEndTheStream(t *testing.T) {
	_, client, opened, _ := serveSDK(t)
	client.send("ConnectionSetupRequest", `{"labels":null}`)
	err := client.stream.RecvMsg(new(Payload))
	require.ErrorContains(t, err, "labels is null")
	require.False(t, errors.Is(err, context.Canceled))
	require.Empty(t, opened)
}
