package main

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"muster/model"
	"muster/nodes/push"
	"muster/nodes/registry"
	"muster/nodes/rpc"
	"muster/nodes/sdk"
)

// connectable has a stage's nodes take connections too. They know nothing of each other.
func connectable(t *testing.T, s *stage) []*rpc.SDK {
	var servers []*rpc.SDK
	for number := range 3 {
		address := nodeAddress(number)
		state := registry.New(registry.Options{Self: address, Owner: func(string) string { return address }})
		server := sdk.New(sdk.Options{Registry: state, Log: slog.New(slog.DiscardHandler), IP: "10.0.0.1",
			Propose: func(_ context.Context, command registry.Command) error {
				text, err := command.Encode()
				if err == nil {
					state.ApplyCommand(text)
				}
				return err
			}})
		push.New(state, server)
		listener := s.Listen(strings.TrimSuffix(address, ":8848") + ":9848")
		go server.Serve(listener)
		servers = append(servers, server)
		t.Cleanup(func() { end(server) })
	}
	return servers
}

// end stops a server at once.
func end(server *rpc.SDK) {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	server.Stop(ended)
}

// overGRPC is a load of clients that have connections.
func overGRPC() model.Load {
	load := standard()
	load.Protocol, load.Subscribers, load.ObserveInterval, load.PersistentClients, load.ReadModes = model.GRPC, 2, 0, 2, nil
	load.ReadModes = []model.ReadMode{model.ReadLocal}
	return load
}

func TestOverConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		connectable(t, s)
		history := s.run(t, overGRPC(), 7, time.Minute)
		succeeded, pushed := map[model.Call]int{}, map[string]int{}
		for _, o := range history.Operations() {
			require.Equal(t, model.OK, o.Completed.Phase, "%+v", o.Completed)
			require.Equal(t, 200, o.Completed.Status)
			succeeded[o.Invoked.Call]++
		}
		for _, r := range history.Records {
			if r.Call == model.Pushed {
				pushed[r.Client]++
				require.Equal(t, model.Event, r.Phase)
				require.NotEmpty(t, r.Node)
			}
		}
		for _, call := range []model.Call{model.Register, model.Deregister, model.Beat, model.Query} {
			require.Greater(t, succeeded[call], 10, call)
		}
		require.Zero(t, succeeded[model.Update], "what is updated is registered anew")
		require.Greater(t, pushed["s1"], 5)
		require.Greater(t, pushed["s2"], 5)
	})
}

// A node ends: its clients register elsewhere what they had, and the history says so.
func TestConnectionsRegisterElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		servers := connectable(t, s)
		s.strikes[20*time.Second] = func() { end(servers[0]) }
		load := overGRPC()
		load.OperationsPerSecond = 0 // ephemeral clients register and beat, no more
		history := s.run(t, load, 7, time.Minute)
		moved := 0
		for _, client := range []string{"e1", "e2", "e3", "e4"} {
			var nodes []string
			var beaten time.Duration
			for _, o := range history.Operations() {
				if o.Invoked.Client != client {
					continue
				}
				switch o.Invoked.Call {
				case model.Register:
					nodes = append(nodes, o.Invoked.Node)
				case model.Beat:
					beaten = o.Completed.T
				}
				if o.Invoked.T > 26*time.Second {
					require.Equal(t, model.OK, o.Completed.Phase, "%+v", o)
				}
			}
			require.Greater(t, beaten, 55*time.Second)
			require.False(t, slices.Contains(nodes[1:], "n1"))
			if nodes[0] == "n1" {
				moved++
				require.Len(t, nodes, 2, "registered again, once, by the connection")
			}
		}
		require.Positive(t, moved)
	})
}

// A client that is silent leaves its connection alone, and has what was lost registered again when it is back.
func TestSilentConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		connectable(t, s)
		load := overGRPC()
		load.OperationsPerSecond = 0
		load.Silences = []model.Silence{{Client: 1, From: 10 * time.Second, For: 30 * time.Second}}
		history := s.run(t, load, 7, time.Minute)
		var registered []time.Duration
		gone := false
		for _, r := range history.Records {
			switch {
			case r.Client == "e1" && r.Phase == model.Invoke:
				require.False(t, r.T > 10*time.Second && r.T < 40*time.Second, "%+v", r)
				if r.Call == model.Register {
					registered = append(registered, r.T)
				}
			case r.Call == model.Pushed && r.T > 30*time.Second && r.T < 40*time.Second:
				gone = gone || !slices.ContainsFunc(r.Instances, func(i model.Instance) bool { return i.IP == "10.1.0.1" })
			}
		}
		require.Len(t, registered, 2)
		require.Greater(t, registered[1], 40*time.Second)
		require.True(t, gone, "the node gave the connection up, and told whoever subscribed")
	})
}
