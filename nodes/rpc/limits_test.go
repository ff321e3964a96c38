package rpc

import (
	"context"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// crowd is a server for SDKs to which clients connect from any address, in memory.
type crowd struct {
	t        *testing.T
	server   *SDK
	listener pipes
}

// guest is a connection that says where it comes from.
type guest struct {
	net.Conn
	ip   string
	port int
}

func (g guest) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.ParseIP(g.ip), Port: g.port} }

func newCrowd(t *testing.T, options SDKOptions) *crowd {
	options.Log = slog.New(slog.DiscardHandler)
	c := &crowd{t, NewSDK(options), pipes{make(chan net.Conn), make(chan struct{})}}
	handleEcho(c.server.Server)
	go c.server.Serve(c.listener)
	t.Cleanup(func() {
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		c.server.Stop(ended)
	})
	return c
}

// comes connects a client from an address.
func (c *crowd) comes(ip string) *sdkClient {
	port := 5000 + len(c.server.sockets)
	transport, err := grpc.NewClient("passthrough:///pipe", grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithContextDialer(
		func(context.Context, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			c.listener.connections <- guest{theirs, ip, port}
			return ours, nil
		}))
	require.NoError(c.t, err)
	c.t.Cleanup(func() { transport.Close() })
	return &sdkClient{t: c.t, transport: transport}
}

// One connection too many is asked to go elsewhere, and its stream ends; when another has gone there is room again.
func TestSoManyConnectionsAreSetUp(t *testing.T) {
	for name, options := range map[string]SDKOptions{"in all": {Most: 2}, "from one address": {Most: 9, MostPerIP: 2}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCrowd(t, options)
				setUp := func(from string) *sdkClient {
					client := c.comes(from)
					client.send("ConnectionSetupRequest", `{"labels":{"source":"sdk"}}`)
					synctest.Wait()
					return client
				}
				first := setUp("10.0.0.1")
				setUp("10.0.0.1")
				require.Len(t, c.server.Connections(), 2)
				third := setUp("10.0.0.1")
				require.Equal(t, "ConnectResetRequest", third.receive().GetMetadata().GetType())
				require.Equal(t, codes.ResourceExhausted, status.Code(third.stream.RecvMsg(new(Payload))))
				require.Len(t, c.server.Connections(), 2)
				require.EqualValues(t, 1, c.server.Refused())
				if options.MostPerIP > 0 {
					setUp("10.0.0.2")
					require.Len(t, c.server.Connections(), 3, "from another address")
				}
				before := len(c.server.Connections())
				require.NoError(t, first.transport.Close())
				synctest.Wait()
				setUp("10.0.0.1")
				require.Len(t, c.server.Connections(), before)
				require.EqualValues(t, 1, c.server.Refused())
			})
		})
	}
}

// What a connection counts for is given back, whichever of its setting up and its end comes first.
func TestAConnectionIsCountedOnce(t *testing.T) {
	s := NewSDK(SDKOptions{Log: slog.New(slog.DiscardHandler), Most: 1})
	ours, theirs := net.Pipe()
	defer ours.Close()
	defer theirs.Close()
	comes := func() *Connection { return &Connection{ID: "1", sdk: s, host: "10.0.0.1", stream: newOutbox()} }
	s.opened("1", theirs)
	require.NoError(t, s.register(comes()))
	require.Equal(t, codes.AlreadyExists, status.Code(s.register(comes())), "over another stream at the same time")
	require.Zero(t, s.Refused())
	s.closed("1")
	require.Empty(t, s.hosts)
	require.NoError(t, s.register(comes()), "it has ended by now")
	require.Empty(t, s.Connections())
	require.Empty(t, s.entered)
	require.Empty(t, s.hosts)
}

func TestSoManyStreamsOfAConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, SDKOptions{})
		client := c.comes("10.0.0.1")
		open := func() grpc.ClientStream {
			client.open() // and nothing more: a stream that is refused may be over before anything is sent
			synctest.Wait()
			return client.stream
		}
		first := open()
		for range maxConversations - 1 {
			open()
		}
		require.Equal(t, codes.ResourceExhausted, status.Code(open().RecvMsg(new(Payload))))
		require.NoError(t, first.CloseSend())
		synctest.Wait()
		client.stream = nil
		client.send("ConnectionSetupRequest", `{"labels":{}}`)
		synctest.Wait()
		require.Len(t, c.server.Connections(), 1, "one has ended, and there is room for another")
	})
}

// Headers and messages beyond their limits are refused, and the connection goes on.
func TestSoLongARequest(t *testing.T) {
	server := quietServer()
	handleEcho(server)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go server.Serve(listener)
	defer stop(server)
	client, err := grpc.NewClient("passthrough:///"+listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	defer client.Close()
	call := func(ctx context.Context, body string) codes.Code {
		return status.Code(client.Invoke(ctx, "/Request/request", payloadOf("EchoRequest", body), new(Payload)))
	}
	ctx := within(t, patience)
	require.Equal(t, codes.OK, call(ctx, `{}`))
	require.NotEqual(t, codes.OK, call(metadata.AppendToOutgoingContext(ctx, "long", strings.Repeat("x", maxHeaders)), `{}`))
	require.Equal(t, codes.ResourceExhausted, call(ctx, `{"text":"`+strings.Repeat("x", MaxMessage)+`"}`))
	require.Equal(t, codes.OK, call(ctx, `{}`))
}
