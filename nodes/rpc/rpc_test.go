package rpc

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

type EchoRequest struct {
	Text string `json:"text"`
}

type EchoResponse struct {
	Result
	Text string `json:"text"`
}

func quietServer() *Server { return NewServer(slog.New(slog.DiscardHandler)) }

func handleEcho(s *Server) {
	Handle(s, func(_ context.Context, request *EchoRequest) (EchoResponse, error) {
		return EchoResponse{OK(), request.Text}, nil
	})
}

// serve starts a server on loopback and returns a pool that calls it by any name.
func serve(t *testing.T, server *Server) *Pool {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go server.Serve(listener)
	pool := NewPool(func(string) (string, error) { return listener.Addr().String(), nil })
	t.Cleanup(func() {
		pool.Close()
		stop(server)
	})
	return pool
}

// patience is for what takes no time on an idle computer.
const patience = time.Minute

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestMembersAreKnownByAHeader(t *testing.T) {
	server := quietServer()
	handleEcho(server)
	server.Require(func(header func(string) string) bool { return header("member") == "secret" })
	pool := serve(t, server)
	var answer EchoResponse
	err := pool.Call(within(t, patience), "peer", EchoRequest{"hello"}, &answer)
	require.ErrorContains(t, err, "error 403: Invalid server identity")
	require.NoError(t, pool.Call(within(t, patience), "peer", HealthCheckRequest{}, &HealthCheckResponse{}), "signs of life are anybody's")
	pool.SetHeader("member", "secret")
	require.NoError(t, pool.Call(within(t, patience), "peer", EchoRequest{"hello"}, &answer))
	require.Equal(t, "hello", answer.Text)
}

// The bytes were put together by hand from the message definitions: field 2 holds the metadata (type = 3, headers = 7, clientIp = 8),
// field 3 the body (an Any, whose value is field 2).
func TestPayloadBytes(t *testing.T) {
	payload := &Payload{
		Metadata: &Metadata{Type: "HealthCheckRequest", ClientIp: "10.0.0.1", Headers: map[string]string{"k": "v"}},
		Body:     &anypb.Any{Value: []byte("{}")},
	}
	want := "1226" + // field 2, 38 bytes
		"1a12" + hex.EncodeToString([]byte("HealthCheckRequest")) +
		"3a06" + "0a01" + hex.EncodeToString([]byte("k")) + "1201" + hex.EncodeToString([]byte("v")) +
		"4208" + hex.EncodeToString([]byte("10.0.0.1")) +
		"1a04" + "1202" + hex.EncodeToString([]byte("{}"))
	got, err := proto.MarshalOptions{Deterministic: true}.Marshal(payload)
	require.NoError(t, err)
	require.Equal(t, want, hex.EncodeToString(got))
	read := new(Payload)
	require.NoError(t, proto.Unmarshal(got, read))
	require.True(t, proto.Equal(payload, read))
}

func TestAnswers(t *testing.T) {
	server := quietServer()
	handleEcho(server)
	type BrokenRequest struct{}
	Handle(server, func(context.Context, *BrokenRequest) (EchoResponse, error) { panic("no reason") })
	type RefusedRequest struct{}
	Handle(server, func(context.Context, *RefusedRequest) (EchoResponse, error) {
		return EchoResponse{}, &Error{CodeInvalid, "Service name is required"}
	})
	for _, test := range []struct{ name, request, body, response, want string }{
		{"echo", "EchoRequest", `{"text":"a"}`, "EchoResponse", `{"resultCode":200,"errorCode":0,"success":true,"text":"a"}`},
		{"server check never reads the body", "ServerCheckRequest", `{not json`, "ServerCheckResponse",
			`{"resultCode":200,"errorCode":0,"success":true,"connectionId":"","supportAbilityNegotiation":true}`},
		{"health check", "HealthCheckRequest", `{}`, "HealthCheckResponse", `{"resultCode":200,"errorCode":0,"success":true}`},
		{"unknown type", "NoSuchRequest", `{}`, "ErrorResponse",
			`{"resultCode":500,"errorCode":302,"message":"RequestHandler Not Found","success":false}`},
		{"no type", "", ``, "ErrorResponse",
			`{"resultCode":500,"errorCode":302,"message":"RequestHandler Not Found","success":false}`},
		{"null", "HealthCheckRequest", `null`, "ErrorResponse",
			`{"resultCode":500,"errorCode":502,"message":"Invalid request","success":false}`},
		{"unreadable", "HealthCheckRequest", `{broken`, "ErrorResponse",
			`{"resultCode":500,"errorCode":502,"message":"errCode: 101, errMsg: Nacos deserialize failed.  ","success":false}`},
		{"panic", "BrokenRequest", `{}`, "ErrorResponse",
			`{"resultCode":500,"errorCode":500,"message":"the handler of BrokenRequest panicked","success":false}`},
		{"refused", "RefusedRequest", `{}`, "ErrorResponse",
			`{"resultCode":400,"errorCode":400,"message":"Service name is required","success":false}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			answer, err := server.Answer(context.Background(),
				&Payload{Metadata: &Metadata{Type: test.request}, Body: &anypb.Any{Value: []byte(test.body)}})
			require.NoError(t, err)
			require.Equal(t, test.response, answer.GetMetadata().GetType())
			require.JSONEq(t, test.want, string(answer.GetBody().GetValue()))
		})
	}
}

func TestCall(t *testing.T) {
	server := quietServer()
	handleEcho(server)
	pool := serve(t, server)
	var echo EchoResponse
	require.NoError(t, pool.Call(within(t, patience), "peer", EchoRequest{"hello"}, &echo))
	require.Equal(t, "hello", echo.Text)

	var check, again ServerCheckResponse
	require.NoError(t, pool.Call(within(t, patience), "peer", ServerCheckRequest{}, &check))
	require.NoError(t, pool.Call(within(t, patience), "peer", ServerCheckRequest{}, &again))
	require.Regexp(t, `^\d+_127\.0\.0\.1_\d+$`, check.ConnectionID)
	require.Equal(t, check, again, "one connection has one name")

	type NoSuchRequest struct{}
	err := pool.Call(within(t, patience), "peer", NoSuchRequest{}, &echo)
	var failure *Error
	require.ErrorAs(t, err, &failure)
	require.Equal(t, Error{CodeNoHandler, "RequestHandler Not Found"}, *failure)
}

func TestCallSaysWhetherItWasSent(t *testing.T) {
	server := quietServer()
	reached := make(chan struct{}, 1)
	Handle(server, func(ctx context.Context, _ *EchoRequest) (EchoResponse, error) {
		select {
		case reached <- struct{}{}:
		default:
		}
		<-t.Context().Done() // no answer, not even that the caller's time is over
		return EchoResponse{}, ctx.Err()
	})
	pool := serve(t, server)
	var echo EchoResponse

	err := ErrNotSent
	for wait := 100 * time.Millisecond; errors.Is(err, ErrNotSent) && wait < patience; wait *= 2 { // a busy machine may take longer to connect
		err = pool.Call(within(t, wait), "peer", EchoRequest{}, &echo)
	}
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NotErrorIs(t, err, ErrNotSent)
	require.NotErrorIs(t, err, ErrNotListening)
	<-reached

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	nobody := NewPool(func(string) (string, error) { return listener.Addr().String(), nil })
	err = nobody.Call(within(t, patience), "peer", EchoRequest{}, &echo)
	require.ErrorIs(t, err, ErrNotSent)
	require.ErrorIs(t, err, ErrNotListening)

	require.NoError(t, nobody.Close())
	require.ErrorIs(t, nobody.Call(within(t, patience), "peer", EchoRequest{}, &echo), ErrNotSent)
	require.ErrorIs(t, pool.Call(within(t, patience), "peer", make(chan int), &echo), ErrNotSent, "cannot be encoded")
}

// A connection whose packets are lost is given up, and the next call gets through as soon as the peer can be reached.
func TestPoolConnectsAnewAfterReset(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections in, says nothing
	require.NoError(t, err)
	defer silent.Close()
	server := quietServer()
	handleEcho(server)
	address := silent.Addr().String()
	pool := serve(t, server)
	working := pool.address
	pool.address = func(string) (string, error) { return address, nil }

	var echo EchoResponse
	require.Error(t, pool.Call(within(t, 100*time.Millisecond), "peer", EchoRequest{"a"}, &echo))
	address, err = working("peer")
	require.NoError(t, err)
	pool.Reset("peer")
	require.NoError(t, pool.Call(within(t, patience), "peer", EchoRequest{"b"}, &echo))
	require.Equal(t, "b", echo.Text)
}

func TestSizeLimit(t *testing.T) {
	server := quietServer()
	handleEcho(server)
	pool := serve(t, server)
	var echo EchoResponse
	err := pool.Call(within(t, patience), "peer", EchoRequest{strings.Repeat("a", MaxMessage)}, &echo)
	require.Equal(t, codes.ResourceExhausted, status.Code(err))
	require.NoError(t, pool.Call(within(t, patience), "peer", EchoRequest{"still there"}, &echo))
}

func TestOffset(t *testing.T) {
	for _, test := range []struct {
		member string
		offset int
		want   string
		err    string
	}{
		{"10.0.0.1:8848", ClusterOffset, "10.0.0.1:9849", ""},
		{"10.0.0.1:8848", RaftOffset, "10.0.0.1:7848", ""},
		{"[::1]:8848", SDKOffset, "[::1]:9848", ""},
		{"10.0.0.1", ClusterOffset, "", "want ip:port"},
		{"10.0.0.1:x", ClusterOffset, "", "want a port"},
		{"10.0.0.1:900", RaftOffset, "", "-1000 is a port too"},
		{"10.0.0.1:65000", ClusterOffset, "", "+1001 is a port too"},
	} {
		got, err := Offset(test.member, test.offset)
		require.Equal(t, test.want, got)
		if test.err != "" {
			require.ErrorContains(t, err, test.err)
		}
	}
}

func FuzzAnswer(f *testing.F) {
	sound, err := Encode(EchoRequest{"a"})
	require.NoError(f, err)
	seed, err := proto.Marshal(sound)
	require.NoError(f, err)
	f.Add(seed)
	f.Add([]byte{0x12, 0xff})
	f.Add(bytes.Repeat([]byte{0x1a, 4}, 9))
	server := quietServer()
	handleEcho(server)
	f.Fuzz(func(t *testing.T, wire []byte) {
		in := new(Payload)
		if proto.Unmarshal(wire, in) != nil {
			return
		}
		answer, err := server.Answer(context.Background(), in)
		require.NoError(t, err)
		var result Result
		require.NoError(t, json.Unmarshal(answer.GetBody().GetValue(), &result))
		require.NotZero(t, result.ResultCode)
	})
}
