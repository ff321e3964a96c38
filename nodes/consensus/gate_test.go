package consensus

import (
	"log/slog"
	"net"
	"testing"

	"github.com/hashicorp/raft"
	"github.com/stretchr/testify/require"
)

// forge sends requests to a member's raft port as a stranger would.
func forge(t *testing.T) *raft.NetworkTransport {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	at := address(listener.Addr().String())
	logger := newRaftLogger(slog.New(slog.DiscardHandler))
	transport := raft.NewNetworkTransportWithConfig(&raft.NetworkTransportConfig{
		Stream: stream{listener, at, gate{}, logger}, Timeout: patience, Logger: logger})
	t.Cleanup(func() { transport.Close() })
	return transport
}

func TestForgedEntriesDoNotReachRaft(t *testing.T) {
	c := newCluster(t, nil)
	leader := c.leader()
	c.apply(leader, "1")
	c.requireAll("1")
	victim := c.members[c.others(leader)[0]]
	stranger := forge(t)
	const term, index = 100, 50
	junk := []byte("junk")
	others := raft.EncodeConfiguration(raft.Configuration{Servers: []raft.Server{{ID: "evil", Address: "127.0.0.1:1"}}})

	for _, test := range []struct {
		name, sender, want string
		entries            []*raft.Log
	}{
		{"a heartbeat of a stranger", "evil", `the sender calls itself "evil"`, nil},
		{"a heartbeat of nobody", "", `the sender calls itself ""`, nil},
		{"a heartbeat of the receiver", victim.name, "the sender calls itself", nil},
		{"a junk configuration", leader, "failed to decode configuration", []*raft.Log{{Index: index, Type: raft.LogConfiguration, Data: junk}}},
		{"another cluster's configuration", leader, "a configuration with the members", []*raft.Log{{Index: index, Type: raft.LogConfiguration, Data: others}}},
		{"an old way to change members", leader, "is of type 2", []*raft.Log{{Index: index, Type: raft.LogAddPeerDeprecated, Data: junk}}},
		{"an unknown type", leader, "is of type 99", []*raft.Log{{Index: index, Type: 99}}},
		{"no entry", leader, "do not follow on each other", []*raft.Log{nil}},
		{"a gap", leader, "do not follow on each other", []*raft.Log{{Index: index}, {Index: index + 2}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			request := &raft.AppendEntriesRequest{
				RPCHeader: raft.RPCHeader{ProtocolVersion: 3, ID: []byte(test.sender), Addr: []byte("127.0.0.1:1")},
				Term:      term, Entries: test.entries,
			}
			if test.entries != nil {
				request.PrevLogEntry = index - 1
			}
			err := stranger.AppendEntries("", raft.ServerAddress(victim.raft), request, new(raft.AppendEntriesResponse))
			require.ErrorContains(t, err, test.want)
		})
	}
	vote := &raft.RequestVoteRequest{RPCHeader: raft.RPCHeader{ProtocolVersion: 3, ID: []byte("evil")}, Term: term, LeadershipTransfer: true}
	require.ErrorContains(t, stranger.RequestVote("", raft.ServerAddress(victim.raft), vote, new(raft.RequestVoteResponse)), "the sender calls itself")

	require.Less(t, victim.node.Status().Term, uint64(term))
	c.apply(victim.name, "2")
	c.requireAll("1", "2")
	c.stop(victim.name)
	c.start(victim.name)
	c.leader()
	c.apply(victim.name, "3")
	c.requireAll("1", "2", "3")
}

func TestGateChecksSnapshots(t *testing.T) {
	members := []raft.Server{{ID: "a", Address: "here:1"}, {ID: "b", Address: "here:2"}}
	elsewhere := []raft.Server{{ID: "a", Address: "there:1"}, {ID: "b", Address: "there:2"}}
	for _, test := range []struct {
		name          string
		version       raft.SnapshotVersion
		configuration []byte
		want          string
	}{
		{"the members as the sender finds them", 1, raft.EncodeConfiguration(raft.Configuration{Servers: elsewhere}), ""},
		{"fewer members", 1, raft.EncodeConfiguration(raft.Configuration{Servers: members[:1]}), "a configuration with the members"},
		{"junk", 1, []byte("junk"), "failed to decode configuration"},
		{"nothing", 1, nil, "a configuration"},
		{"an old version", 0, nil, "a snapshot of version 0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := newGate("a", members).check(&raft.InstallSnapshotRequest{RPCHeader: raft.RPCHeader{ID: []byte("b")},
				SnapshotVersion: test.version, Configuration: test.configuration})
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.want)
		})
	}
}

func TestGateKnowsMembersByTheirHosts(t *testing.T) {
	numbers := newGate("a", []raft.Server{{ID: "a", Address: "10.0.0.1:7848"}, {ID: "b", Address: "10.0.0.2:7848"}})
	names := newGate("a", []raft.Server{{ID: "a", Address: "10.0.0.1:7848"}, {ID: "b", Address: "b.local:7848"}})
	for _, test := range []struct {
		gate gate
		from string
		want bool
	}{
		{numbers, "10.0.0.2", true}, {numbers, "::ffff:10.0.0.2", true}, {numbers, "10.0.0.3", false}, {numbers, "fe80::1", false},
		{numbers, "127.0.0.1", true}, {numbers, "::1", true}, {names, "10.0.0.3", true},
	} {
		require.Equal(t, test.want, test.gate.mayBeMember(&net.TCPAddr{IP: net.ParseIP(test.from), Port: 5000}), test.from)
	}
	require.True(t, numbers.mayBeMember(address("somewhere:1")), "not decidable")
}

// from is a connection that says to come from elsewhere.
type from struct {
	net.Conn
	host string
}

func (f from) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.ParseIP(f.host), Port: 5000} }

// offered is a listener with the connections that are waiting.
type offered struct {
	net.Listener
	waiting chan net.Conn
}

func (o offered) Accept() (net.Conn, error) { return <-o.waiting, nil }

func TestStreamDropsConnectionsOfStrangers(t *testing.T) {
	waiting := make(chan net.Conn, 2)
	stranger, far := net.Pipe()
	waiting <- from{stranger, "10.0.0.3"}
	waiting <- from{nil, "10.0.0.1"}
	accepted, err := stream{offered{nil, waiting}, "", newGate("a", []raft.Server{{ID: "a", Address: "10.0.0.1:7848"}}),
		newRaftLogger(slog.New(slog.DiscardHandler))}.Accept()
	require.NoError(t, err)
	require.Equal(t, "10.0.0.1:5000", accepted.RemoteAddr().String())
	_, err = far.Read(make([]byte, 1))
	require.ErrorContains(t, err, "EOF")
}
