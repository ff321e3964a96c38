package loader_test

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

	"muster/nodes/loader"
	"muster/nodes/rpc"
)

// member is a node with a port for SDKs and one for members.
type member struct {
	t *testing.T
	*loader.Loader
	name, sdkAddress string
}

// serve starts members that know each other.
func serve(t *testing.T, names ...string) []*member {
	addresses := map[string]string{}
	peers := rpc.NewPool(func(peer string) (string, error) { return addresses[peer], nil })
	t.Cleanup(func() { require.NoError(t, peers.Close()) })
	log := slog.New(slog.DiscardHandler)
	var members []*member
	for _, name := range names {
		m := &member{t: t, name: name}
		sdk := rpc.NewSDK(rpc.SDKOptions{Log: log})
		m.Loader = loader.New(loader.Options{Self: name, SDK: sdk, Peers: peers, Members: func() []string { return names }, Log: log})
		cluster := rpc.NewServer(log)
		m.Handle(cluster)
		for listening, server := range map[*string]interface {
			Serve(net.Listener) error
			Stop(context.Context)
		}{&m.sdkAddress: sdk, new(string): cluster} {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			*listening = listener.Addr().String()
			if server == cluster {
				addresses[name] = *listening
			}
			go server.Serve(listener)
			t.Cleanup(func() {
				now, cancel := context.WithCancel(context.Background())
				cancel()
				server.Stop(now)
			})
		}
		members = append(members, m)
	}
	return members
}

// connect sets a client up whose label says what it is, and returns what the server asks of it.
func (m *member) connect(source string) (asked chan rpc.ConnectResetRequest) {
	transport, err := grpc.NewClient("passthrough:///"+m.sdkAddress, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(m.t, err)
	m.t.Cleanup(func() { transport.Close() })
	stream, err := transport.NewStream(context.Background(), &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, "/BiRequestStream/requestBiStream")
	require.NoError(m.t, err)
	setup, err := rpc.Encode(rpc.ConnectionSetupRequest{Labels: map[string]string{"source": source}})
	require.NoError(m.t, err)
	before := len(m.Connections())
	require.NoError(m.t, stream.SendMsg(setup))
	require.Eventually(m.t, func() bool { return len(m.Connections()) > before }, time.Minute, time.Millisecond)
	asked = make(chan rpc.ConnectResetRequest, 9)
	go func() {
		for {
			got := new(rpc.Payload)
			if stream.RecvMsg(got) != nil {
				return
			}
			var request rpc.ConnectResetRequest
			if got.GetMetadata().GetType() == rpc.TypeName(request) && json.Unmarshal(got.GetBody().GetValue(), &request) == nil {
				asked <- request
			}
		}
	}()
	return asked
}

func TestLoadsOfAllMembers(t *testing.T) {
	members := serve(t, "10.0.0.1:8848", "10.0.0.2:8848")
	members[0].connect("sdk")
	members[0].connect("sdk")
	members[0].connect("cluster")
	loads, all := members[1].Loads(t.Context())
	require.True(t, all)
	require.Equal(t, []loader.Load{{Address: "10.0.0.1:8848", Connections: 3, SDK: 2}, {Address: "10.0.0.2:8848"}}, loads)
	require.Equal(t, 1, loader.Average(loads))
	require.Equal(t, map[string]string{"conCount": "3", "sdkConCount": "2", "load": "-1.0", "cpu": "-1.0"}, loads[0].Metrics())
}

func TestAMemberThatDoesNotAnswerIsLeftOut(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	peers := rpc.NewPool(func(string) (string, error) { return "127.0.0.1:1", nil })
	defer peers.Close()
	l := loader.New(loader.Options{
		Self: "a", SDK: rpc.NewSDK(rpc.SDKOptions{Log: log}), Peers: peers, Members: func() []string { return []string{"a", "b"} }, Log: log,
	})
	loads, all := l.Loads(t.Context())
	require.False(t, all)
	require.Equal(t, []loader.Load{{Address: "a"}}, loads)
}

func TestBalanceMovesSDKsToTheEmptiest(t *testing.T) {
	members := serve(t, "10.0.0.1:8848", "10.0.0.2:8848", "10.0.0.3:8848")
	asked := make(chan rpc.ConnectResetRequest, 9)
	for range 8 {
		from := members[0].connect("sdk")
		go func() { asked <- <-from }()
	}
	members[2].connect("sdk")
	require.True(t, members[2].Balance(t.Context(), loader.DefaultFactor), "asked at another member than the full one")
	request := <-asked
	require.Equal(t, "10.0.0.2", request.ServerIP)
	require.Equal(t, "8848", request.ServerPort)
}

func TestRemainAsksOnlySDKs(t *testing.T) {
	m := serve(t, "10.0.0.1:8848")[0]
	first, second, other := m.connect("sdk"), m.connect("sdk"), m.connect("cluster")
	m.Remain(1, "")
	select {
	case <-first:
	case <-second:
	}
	m.Remain(0, "")
	require.Empty(t, other)
}

func TestUnequal(t *testing.T) {
	loads := []loader.Load{{Address: "a", SDK: 10}, {Address: "b", SDK: 34}, {Address: "c"}, {Address: "d", SDK: 12}, {Address: "e", SDK: 40}, {Address: "f", SDK: 3}}
	above, below := loader.Unequal(loads, 0.1)
	require.Equal(t, []loader.Load{loads[4], loads[1]}, above)
	require.Equal(t, []loader.Load{loads[2], loads[5], loads[0], loads[3]}, below)
	above, below = loader.Unequal(nil, 0.1)
	require.Empty(t, above)
	require.Empty(t, below)
}
