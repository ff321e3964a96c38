package consensus

import (
	"log/slog"
	"net"
	"testing"

	"github.com/hashicorp/raft"
	"github.com/stretchr/testify/require"

	"muster/nodes/consensus/wire"
	"muster/nodes/rpc"
)

// forge sends requests to a member's raft port as a stranger would.
func forge(t *testing.T) *wire.Transport {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	at := address(listener.Addr().String())
	logger := newRaftLogger(slog.New(slog.DiscardHandler))
	transport := wire.New(wire.Config{
		Stream: stream{listener, at, newGate("", nil, nil), newKeeper(caller{ctx: t.Context()}.dial, patience), logger}, Timeout: patience, Logger: logger,
	})
	t.Cleanup(func() { transport.Close() })
	return transport
}

func TestForgedEntriesDoNotReachRaft(t *testing.T) {
	t.Parallel()
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
		{"another cluster's configuration", leader, `a configuration with the member "evil"`, []*raft.Log{{Index: index, Type: raft.LogConfiguration, Data: others}}},
		{"an old way to change members", leader, "is of type 2", []*raft.Log{{Index: index, Type: raft.LogAddPeerDeprecated, Data: junk}}},
		{"an unknown type", leader, "is of type 99", []*raft.Log{{Index: index, Type: 99}}},
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

// found is where members are when they have the port 8848.
func found(member string) (string, error) { return rpc.Offset(member, rpc.RaftOffset) }

func openGate(listed ...string) *gate {
	g := newGate(listed[0], listed, found)
	g.open.Store(true)
	return g
}

func TestGateChecksSnapshots(t *testing.T) {
	voter := func(id raft.ServerID) raft.Server { return raft.Server{ID: id, Address: "somewhere:1"} }
	for _, test := range []struct {
		name          string
		version       raft.SnapshotVersion
		configuration []byte
		want          string
	}{
		{"the members as the sender finds them", 1, raft.EncodeConfiguration(raft.Configuration{Servers: []raft.Server{voter("a:8848"), voter("b:8848")}}), ""},
		{"members of other times", 1, raft.EncodeConfiguration(raft.Configuration{Servers: []raft.Server{voter("b:8848"), voter("c:8848")}}), ""},
		{"nowhere to be found", 1, raft.EncodeConfiguration(raft.Configuration{Servers: []raft.Server{voter("a:8848"), voter("evil")}}), `the member "evil"`},
		{"nobody has a vote", 1, raft.EncodeConfiguration(raft.Configuration{Servers: []raft.Server{{ID: "a:8848", Suffrage: raft.Nonvoter}}}), "without voters"},
		{"junk", 1, []byte("junk"), "failed to decode configuration"},
		{"nothing", 1, nil, "a configuration"},
		{"an old version", 0, nil, "a snapshot of version 0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := openGate("a:8848", "b:8848").check(&raft.InstallSnapshotRequest{RPCHeader: raft.RPCHeader{ID: []byte("b:8848")},
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
	numbers, names := openGate("10.0.0.1:8848", "10.0.0.2:8848"), openGate("10.0.0.1:8848", "b.local:8848")
	joined := openGate("10.0.0.1:8848")
	configured := func() []raft.Server { return []raft.Server{{ID: "10.0.0.9:8848"}} }
	joined.configured.Store(&configured)
	for _, test := range []struct {
		gate *gate
		from string
		want bool
	}{
		{numbers, "10.0.0.2", true}, {numbers, "::ffff:10.0.0.2", true}, {numbers, "10.0.0.3", false}, {numbers, "fe80::1", false},
		{numbers, "127.0.0.1", true}, {numbers, "::1", true}, {names, "10.0.0.3", true}, {joined, "10.0.0.9", true}, {joined, "10.0.0.2", false},
	} {
		require.Equal(t, test.want, test.gate.mayBeMember(&net.TCPAddr{IP: net.ParseIP(test.from), Port: 5000}), test.from)
	}
	require.True(t, numbers.mayBeMember(address("somewhere:1")), "not decidable")
	numbers.list([]string{"10.0.0.3:8848"})
	require.True(t, numbers.mayBeMember(&net.TCPAddr{IP: net.ParseIP("10.0.0.3")}), "the list has changed")
}

func TestClosedGateLetsNothingIn(t *testing.T) {
	vote := &raft.RequestVoteRequest{RPCHeader: raft.RPCHeader{ID: []byte("b:8848")}}
	require.ErrorIs(t, newGate("a:8848", []string{"a:8848", "b:8848"}, found).check(vote), errNotYet)
	require.NoError(t, openGate("a:8848", "b:8848").check(vote))
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
	accepted, err := stream{offered{nil, waiting}, "", openGate("10.0.0.1:8848"), nil,
		newRaftLogger(slog.New(slog.DiscardHandler))}.Accept()
	require.NoError(t, err)
	require.Equal(t, "10.0.0.1:5000", accepted.RemoteAddr().String())
	_, err = far.Read(make([]byte, 1))
	require.ErrorContains(t, err, "EOF")
}
