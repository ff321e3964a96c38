package consensus

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"

	"muster/nodes/consensus/wire"
	"muster/nodes/defect"
)

// transport carries raft's messages (package wire), those that the gate lets through. It also notes which peers followed a
// leader's message that was sent after a given moment: raft's VerifyLeader counts answers to messages sent before it was asked, such
// as one that waited in a socket while this process was stopped, and so can vouch for a leader that has long been replaced.
type transport struct {
	*wire.Transport
	// ballots carries votes in its place; nil unless the node is broken on purpose.
	ballots *ballots
	gate    *gate
	logger  hclog.Logger
	// calls lasts until hangUp, which ends all connections that this node has made, and has it make no more.
	calls  context.Context
	hangUp context.CancelFunc

	mu sync.Mutex
	// sent counts messages; it serves as a clock.
	sent uint64
	// followed holds, by peer, the newest message that it answered as a follower.
	followed map[raft.ServerID]message
	// failures counts, by peer, the messages in a row that it has not answered.
	failures map[raft.ServerID]int

	// leading tells whether this node leads a peer in a term; nil before raft runs.
	leading atomic.Pointer[func(raft.ServerID, uint64) bool]
	// answers answers what members ask each other; nil before raft runs.
	answers atomic.Pointer[func([]byte) []byte]
}

const (
	// failuresLeftToRaft: raft waits 10 ms after the second failure, and twice as long after each further one, 320 ms after these.
	failuresLeftToRaft = 7
	// reachEvery is how often it is tried after that to reach a peer.
	reachEvery = 500 * time.Millisecond
)

type message struct{ term, sent uint64 }

func newTransport(listener net.Listener, advertised string, gate *gate, timeout time.Duration, logger hclog.Logger) *transport {
	calls, hangUp := context.WithCancel(context.Background())
	dial := caller{calls, gate.identity}.dial
	over := stream{listener, address(advertised), gate, newKeeper(dial, timeout), logger}
	t := &transport{
		gate:     gate,
		logger:   logger,
		calls:    calls,
		hangUp:   hangUp,
		followed: map[raft.ServerID]message{},
		failures: map[raft.ServerID]int{},
	}
	config := wire.Config{
		Stream: over,
		Idle:   idleConnections,
		// Members are found by their names: what a configuration says of addresses was one node's view when it was made.
		Addresses: gate,
		Timeout:   timeout,
		Admit:     t.admit,
		Answer:    t.answer,
		Refused: func(from net.Addr, err error) {
			gate.refuse(logger, "dropped a raft connection", "from", from.String(), "error", err)
		},
		Logger: logger,
	}
	t.Transport = wire.New(config)
	if defect.On(KeepBrokenConnections) {
		over.keeper = newKeeper(dial, timeout)
		config.Stream = over
		t.ballots = newBallots(config, gate)
		go t.ballots.speakForOtherGroups(calls)
	}
	return t
}

// admit says why the gate does not let a request through.
func (t *transport) admit(request any) error {
	err := t.gate.check(request)
	if err != nil && !errors.Is(err, errNotYet) {
		t.gate.refuse(t.logger, "refused a raft message", "error", err)
	}
	return err
}

// answer answers a question of another member.
func (t *transport) answer(question []byte) []byte {
	if answers := t.answers.Load(); answers != nil {
		return (*answers)(question)
	}
	return append([]byte{certainlyNot}, errNotYet.Error()...)
}

// Close stops listening and sending. It may be called again.
func (t *transport) Close() error {
	t.hangUp()
	if t.ballots != nil {
		return errors.Join(t.Transport.Close(), t.ballots.Close())
	}
	return t.Transport.Close()
}

// RequestVote asks a peer for its vote.
func (t *transport) RequestVote(id raft.ServerID, target raft.ServerAddress, request *raft.RequestVoteRequest, response *raft.RequestVoteResponse) error {
	if t.ballots != nil {
		return t.ballots.RequestVote(id, target, request, response)
	}
	return t.Transport.RequestVote(id, target, request, response)
}

// RequestPreVote asks a peer whether it would give it.
func (t *transport) RequestPreVote(id raft.ServerID, target raft.ServerAddress, request *raft.RequestPreVoteRequest, response *raft.RequestPreVoteResponse) error {
	if t.ballots != nil {
		return t.ballots.RequestPreVote(id, target, request, response)
	}
	return t.Transport.RequestPreVote(id, target, request, response)
}

// AppendEntries sends entries, or none as a heartbeat. Entries for a peer that stays out of reach are sent again and again, as long as this
// node leads: raft itself would try more and more seldom, every 10 s in the end, and leave who is back without what it missed for as long.
func (t *transport) AppendEntries(id raft.ServerID, target raft.ServerAddress, request *raft.AppendEntriesRequest, response *raft.AppendEntriesResponse) error {
	for {
		err := t.appendOnce(id, target, request, response)
		if err == nil || isHeartbeat(request) || !t.failsOften(id) || !t.leads(id, request.Term) || !sleep(t.calls, reachEvery) {
			return err
		}
	}
}

// isHeartbeat tells a message without content, which raft itself sends again, more often.
func isHeartbeat(request *raft.AppendEntriesRequest) bool {
	return len(request.Entries) == 0 && request.PrevLogEntry == 0 && request.LeaderCommitIndex == 0
}

// failsOften counts a message that was not answered, and tells whether there have been so many that raft would wait longer than it should.
func (t *transport) failsOften(id raft.ServerID) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failures[id]++
	return t.failures[id] > failuresLeftToRaft
}

// leads tells whether this node leads in a term, and the peer is one of its followers.
func (t *transport) leads(id raft.ServerID, term uint64) bool {
	leads := t.leading.Load()
	return leads != nil && (*leads)(id, term)
}

func (t *transport) appendOnce(id raft.ServerID, target raft.ServerAddress, request *raft.AppendEntriesRequest, response *raft.AppendEntriesResponse) error {
	t.mu.Lock()
	t.sent++
	sent := t.sent
	t.mu.Unlock()
	if err := t.Transport.AppendEntries(id, target, request, response); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.failures, id)
	if response.Success && t.followed[id].sent < sent {
		t.followed[id] = message{request.Term, sent}
	}
	return nil
}

// now is a moment; messages sent later have a greater count.
func (t *transport) now() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sent
}

// hasFollowed tells whether a peer answered a message of the term that was sent after the moment.
func (t *transport) hasFollowed(id raft.ServerID, term, moment uint64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	answered := t.followed[id]
	return answered.term == term && answered.sent > moment
}

// stream dials and listens; raft tells peers the advertised address.
type stream struct {
	net.Listener
	advertised address
	gate       *gate
	keeper     *keeper
	logger     hclog.Logger
}

// Accept waits for a connection from a host that may be a member's, and drops others.
func (s stream) Accept() (net.Conn, error) {
	for {
		connection, err := s.Listener.Accept()
		if err != nil {
			return nil, err
		}
		reason := "its host is no member's"
		if s.gate.mayBeMember(connection.RemoteAddr()) {
			if wary := s.wary(connection); wary != nil {
				return wary, nil
			}
			reason = "too many others have yet to prove that they are members"
		}
		s.gate.refuse(s.logger, "dropped a raft connection", "from", connection.RemoteAddr().String(), "error", reason)
		connection.Close()
	}
}

// Addr is the advertised address.
func (s stream) Addr() net.Addr { return s.advertised }

// Dial connects to a peer.
func (s stream) Dial(to raft.ServerAddress, timeout time.Duration) (net.Conn, error) {
	dial := s.keeper.dial
	if defect.On(KeepBrokenConnections) {
		dial = s.keeper.connect
	}
	return dial(string(to), timeout)
}

// caller makes connections that end with a context.
type caller struct {
	ctx context.Context
	// identity is proved to whom it calls, and they to it; "": nothing is.
	identity string
}

// dial connects to an address, for as long as the context lasts.
func (c caller) dial(to string, timeout time.Duration) (net.Conn, error) {
	limited, cancel := context.WithTimeout(c.ctx, timeout)
	defer cancel()
	connection, err := new(net.Dialer).DialContext(limited, "tcp", to)
	if err != nil {
		return nil, err
	}
	if tcp, ok := connection.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // what was given up must not arrive once a cut has healed; where the system lacks the option, it may
	}
	made := call{connection, context.AfterFunc(c.ctx, func() { connection.Close() })}
	if c.identity == "" {
		return made, nil
	}
	if err := introduce(made, c.identity, timeout); err != nil {
		return nil, errors.Join(fmt.Errorf("introduce this member to %s: %w", to, err), made.Close())
	}
	return made, nil
}

// call is a connection that a caller made.
type call struct {
	net.Conn
	// forget has the context's end leave the connection alone.
	forget func() bool
}

// Close ends it before the context does.
func (c call) Close() error {
	c.forget()
	return c.Conn.Close()
}

// address is "ip:port" of a TCP listener.
type address string

// Network is "tcp".
func (a address) Network() string { return "tcp" }

// String is the address.
func (a address) String() string { return string(a) }
