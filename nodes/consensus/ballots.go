package consensus

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"muster/nodes/consensus/wire"
)

// A JRaft process has one connection to each peer, over which all its groups speak, four in Nacos's naming: what any of them sends into a
// cut blocks it for all. With KeepBrokenConnections votes go over such a connection, made when the node starts and always in use.
const (
	// otherGroupsVote is how often the groups that this node does not have would vote if they were without a leader, as some of them are in
	// a cut (JRaft: NodeOptions.electionTimeoutMs, 5 s in Nacos).
	otherGroupsVote = 5 * time.Second
	// oneConnection to each peer.
	oneConnection = 1
)

// ballots is a transport of votes alone, and of those of other groups. It listens to nobody.
type ballots struct {
	*wire.Transport
	gate *gate

	mu sync.Mutex
	// waiting are the peers to which the other groups' vote is under way.
	waiting map[raft.ServerID]bool
}

func newBallots(config wire.Config, gate *gate) *ballots {
	config.Idle = oneConnection
	config.Stream = deaf{config.Stream, make(chan struct{})}
	return &ballots{Transport: wire.New(config), gate: gate, waiting: map[raft.ServerID]bool{}}
}

// speakForOtherGroups has them vote until the context ends.
func (b *ballots) speakForOtherGroups(ctx context.Context) {
	for {
		for _, peer := range b.gate.known() {
			if peer != b.gate.self && b.begin(peer) {
				go b.vote(peer)
			}
		}
		if !sleep(ctx, otherGroupsVote) {
			return
		}
	}
}

// begin notes that a vote is sent; false if the one before has not been answered.
func (b *ballots) begin(peer raft.ServerID) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	free := !b.waiting[peer]
	b.waiting[peer] = true
	return free
}

// vote sends a peer a message that changes nothing, and waits for the answer: in place of what another group would send, a question for a
// vote in a term before all terms.
func (b *ballots) vote(peer raft.ServerID) {
	question := raft.RequestPreVoteRequest{RPCHeader: raft.RPCHeader{
		ProtocolVersion: raft.ProtocolVersionMax, ID: []byte(b.gate.self), Addr: b.EncodePeer(b.gate.self, b.LocalAddr()),
	}}
	// A peer that is out of reach is asked again.
	_ = b.RequestPreVote(peer, "", &question, new(raft.RequestPreVoteResponse))
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.waiting, peer)
}

// deaf accepts no connections.
type deaf struct {
	raft.StreamLayer
	closed chan struct{}
}

// Accept waits until the stream is closed.
func (d deaf) Accept() (net.Conn, error) {
	<-d.closed
	return nil, net.ErrClosed
}

// Close leaves the listener, which is another transport's, alone.
func (d deaf) Close() error {
	close(d.closed)
	return nil
}
