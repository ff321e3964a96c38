package consensus

import (
	"net"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
)

// transport is raft's own over TCP. It also notes which peers followed a leader's message that was sent after a given moment:
// raft's VerifyLeader counts answers to messages sent before it was asked, such as one that waited in a socket while this process
// was stopped, and so can vouch for a leader that has long been replaced.
type transport struct {
	*raft.NetworkTransport

	mu sync.Mutex
	// sent counts messages; it serves as a clock.
	sent uint64
	// followed holds, by peer, the newest message that it answered as a follower.
	followed map[raft.ServerID]message
}

type message struct{ term, sent uint64 }

func newTransport(listener net.Listener, advertised string, logger hclog.Logger) *transport {
	return &transport{
		NetworkTransport: raft.NewNetworkTransportWithConfig(&raft.NetworkTransportConfig{
			Stream:  stream{listener, address(advertised)},
			MaxPool: idleConnections,
			Timeout: messageTimeout,
			Logger:  logger,
		}),
		followed: map[raft.ServerID]message{},
	}
}

// AppendEntries sends entries, or none as a heartbeat.
func (t *transport) AppendEntries(id raft.ServerID, target raft.ServerAddress, request *raft.AppendEntriesRequest, response *raft.AppendEntriesResponse) error {
	t.mu.Lock()
	t.sent++
	sent := t.sent
	t.mu.Unlock()
	if err := t.NetworkTransport.AppendEntries(id, target, request, response); err != nil {
		return err
	}
	if response.Success {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.followed[id].sent < sent {
			t.followed[id] = message{request.Term, sent}
		}
	}
	return nil
}

// now is a moment; messages sent later have a greater count.
func (t *transport) now() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sent
}

// followers counts the peers that answered a message of the term that was sent after the moment.
func (t *transport) followers(term, moment uint64) (count int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, answered := range t.followed {
		if answered.term == term && answered.sent > moment {
			count++
		}
	}
	return count
}

// stream dials and listens; raft tells peers the advertised address.
type stream struct {
	net.Listener
	advertised address
}

// Addr is the advertised address.
func (s stream) Addr() net.Addr { return s.advertised }

// Dial connects to a peer.
func (s stream) Dial(to raft.ServerAddress, timeout time.Duration) (net.Conn, error) {
	return net.DialTimeout("tcp", string(to), timeout)
}

// address is "ip:port" of a TCP listener.
type address string

// Network is "tcp".
func (a address) Network() string { return "tcp" }

// String is the address.
func (a address) String() string { return string(a) }
