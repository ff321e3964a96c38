package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"muster/model"
)

// port is a listener that nobody connects to.
type port struct {
	at     int
	closed chan struct{}
}

func (p *port) Accept() (net.Conn, error) { <-p.closed; return nil, net.ErrClosed }
func (p *port) Addr() net.Addr            { return &net.TCPAddr{IP: net.IPv4(10, 0, 0, 9), Port: p.at} }
func (p *port) Close() error {
	select {
	case <-p.closed:
	default:
		close(p.closed)
	}
	return nil
}

func TestServersListenRegisterAndAreGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.registry.disturb = func(node int, r *http.Request) disturbance {
			if r.Method == "POST" && r.FormValue("serviceName") == "DEFAULT_GROUP@@probed-1" && r.FormValue("port") == "7001" && node == 0 {
				return notDone
			}
			return nothing
		}
		load := standard()
		load.Servers, load.Outages = 2, []model.Outage{{Server: 1, From: 40 * time.Second}, {Server: 1, From: 10 * time.Second, For: 5 * time.Second}}
		var mu sync.Mutex
		next, tries := 7000, 0
		s.listen = func(_ context.Context, node string, wanted int) (net.Listener, error) {
			mu.Lock()
			defer mu.Unlock()
			if tries++; tries == 1 {
				return nil, errors.New("no node is there yet")
			}
			if wanted == 0 {
				next++
				wanted = next
			}
			return &port{wanted, make(chan struct{})}, nil
		}
		history := s.run(t, load, 7, 50*time.Second)
		type told struct {
			client string
			call   model.Call
			at     time.Duration
		}
		var events []told
		ports := map[string]map[int]bool{"v1": {}, "v2": {}}
		for _, r := range history.Records {
			if r.Call == model.ServerListens || r.Call == model.ServerGone {
				require.Equal(t, "probed-1", r.Service.Name)
				require.Equal(t, "10.0.0.9", r.Instance.IP)
				require.False(t, r.Ephemeral)
				ports[r.Client][r.Instance.Port] = true
				if r.T > 9*time.Second {
					events = append(events, told{r.Client, r.Call, r.T})
				}
			}
		}
		require.Equal(t, []told{{"v1", model.ServerGone, 10 * time.Second}, {"v1", model.ServerListens, 15 * time.Second}, {"v1", model.ServerGone, 40 * time.Second}}, events)
		require.Len(t, ports["v1"], 1, "it comes back where it was")
		require.Len(t, ports["v2"], 1)
		registered, observed := map[string]int{}, false
		for _, o := range history.Operations() {
			if o.Invoked.Service.Name != "probed-1" {
				continue
			}
			if o.Invoked.Call == model.Observe {
				observed = observed || len(o.Completed.Instances) == 2
				continue
			}
			require.Equal(t, model.Register, o.Invoked.Call, "nobody deregisters it")
			if o.Completed.Phase == model.OK {
				registered[o.Invoked.Client]++
			}
		}
		require.Equal(t, map[string]int{"v1": 1, "v2": 1}, registered)
		require.True(t, observed)
	})
}

func TestListensWhereANodeCanReachIt(t *testing.T) {
	node := httptest.NewServer(http.NotFoundHandler())
	defer node.Close()
	listener, err := listenFor(t.Context(), node.URL, 0)
	require.NoError(t, err)
	at := listener.Addr().(*net.TCPAddr)
	require.Equal(t, "127.0.0.1", at.IP.String())
	go welcome(listener)
	connection, err := net.Dial("tcp", at.String())
	require.NoError(t, err)
	_, err = connection.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
	require.NoError(t, listener.Close())
	again, err := listenFor(t.Context(), node.URL, at.Port)
	require.NoError(t, err)
	require.NoError(t, again.Close())
	node.Close()
	_, err = listenFor(t.Context(), node.URL, 0)
	require.Error(t, err, "no node is there")
}
