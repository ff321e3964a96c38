package rpc

import (
	"context"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// pipes is a listener in memory.
type pipes struct {
	connections chan net.Conn
	closed      chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.connections:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error   { close(p.closed); return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 9848} }

// stop ends a server at once.
func stop(server *Server) {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	server.Stop(ended)
}

// preface is how a client begins (RFC 9113, 3.4), and emptySettings is the frame that must follow.
const (
	preface       = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	emptySettings = "\x00\x00\x00\x04\x00\x00\x00\x00\x00"
)

// Whoever connects and then does not go on is not waited for.
func TestHalfOpenConnectionsAreDropped(t *testing.T) {
	cases := map[string]struct {
		says string
		// open is for how long the connection stays.
		open time.Duration
	}{
		"says nothing":                           {"", connectionTimeout},
		"stops in its greeting":                  {preface[:9], connectionTimeout},
		"stops after it":                         {preface, connectionTimeout},
		"speaks of other things":                 {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 0},
		"is set up, and vanishes without a word": {preface + emptySettings, idleTimeout + 6*time.Second}, // in which grpc waits for an answer to its goodbye
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server, listener := quietServer(), pipes{make(chan net.Conn), make(chan struct{})}
				go server.Serve(listener)
				ours, theirs := net.Pipe()
				listener.connections <- theirs
				began := time.Now()
				go io.WriteString(ours, c.says)
				_, _ = io.Copy(io.Discard, ours) // until the server closes
				require.Equal(t, c.open, time.Since(began).Round(time.Second))
				stop(server)
			})
		})
	}
}

func TestOneConnectionCarriesSoManyRequestsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, listener := quietServer(), pipes{make(chan net.Conn), make(chan struct{})}
		var reached atomic.Int64
		release := make(chan struct{})
		Handle(server, func(context.Context, *EchoRequest) (EchoResponse, error) {
			reached.Add(1)
			<-release
			return EchoResponse{Result: OK()}, nil
		})
		go server.Serve(listener)
		client, err := grpc.NewClient("passthrough:///pipe", grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) {
				ours, theirs := net.Pipe()
				listener.connections <- theirs
				return ours, nil
			}))
		require.NoError(t, err)
		var wait sync.WaitGroup
		for range maxStreams + 5 {
			wait.Go(func() {
				assert.NoError(t, client.Invoke(t.Context(), "/Request/request", payloadOf("EchoRequest", "{}"), new(Payload)))
			})
		}
		synctest.Wait()
		require.EqualValues(t, maxStreams, reached.Load())
		close(release)
		wait.Wait()
		require.EqualValues(t, maxStreams+5, reached.Load(), "the others waited for their turn")
		require.NoError(t, client.Close())
		stop(server)
	})
}
