package rpc

import (
	"context"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A peer that is silent though it is asked is connected to anew, once that has lasted; one that says anything is not.
func TestSilentPeersAreConnectedToAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, listener := quietServer(), pipes{make(chan net.Conn), make(chan struct{})}
		stuck := make(chan struct{})
		Handle(server, func(context.Context, *EchoRequest) (EchoResponse, error) {
			<-stuck
			return EchoResponse{Result: OK()}, nil
		})
		go server.Serve(listener)
		dials, silent := 0, true
		pool := NewPool(func(string) (string, error) { return "10.0.0.1:9849", nil })
		pool.connect = func(context.Context, string, string) (net.Conn, error) {
			dials++
			ours, theirs := net.Pipe()
			if silent {
				go func() {
					_, _ = theirs.Write([]byte("\x00\x00\x00\x04\x00\x00\x00\x00\x00"))
					_, _ = io.Copy(io.Discard, theirs)
				}()
			} else {
				listener.connections <- theirs
			}
			return ours, nil
		}
		ask := func(request any, response Response, wait time.Duration) error {
			ctx, cancel := context.WithTimeout(t.Context(), wait)
			defer cancel()
			return pool.Call(ctx, "peer", request, response)
		}
		for range 4 {
			require.ErrorIs(t, ask(HealthCheckRequest{}, &HealthCheckResponse{}, silence/4), context.DeadlineExceeded)
		}
		require.Equal(t, 1, dials, "it has not been silent for long")
		silent = false
		require.ErrorIs(t, ask(HealthCheckRequest{}, &HealthCheckResponse{}, silence/4), context.DeadlineExceeded)
		time.Sleep(backoffMax)
		require.NoError(t, ask(HealthCheckRequest{}, &HealthCheckResponse{}, silence))
		require.Equal(t, 2, dials)

		// One question takes long, others are answered meanwhile.
		slow := make(chan error)
		go func() { slow <- ask(EchoRequest{}, &EchoResponse{}, 2*silence) }()
		for range 3 {
			time.Sleep(silence / 2)
			require.NoError(t, ask(HealthCheckRequest{}, &HealthCheckResponse{}, silence))
		}
		require.ErrorIs(t, <-slow, context.DeadlineExceeded)
		require.NoError(t, ask(HealthCheckRequest{}, &HealthCheckResponse{}, silence))
		require.Equal(t, 2, dials)
		close(stuck)
		require.NoError(t, pool.Close())
		stop(server)
	})
}
