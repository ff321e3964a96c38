package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
)

// Config of a Transport.
type Config struct {
	// Stream makes connections, and takes them in.
	Stream raft.StreamLayer
	// Addresses says where a member's messages go.
	Addresses raft.ServerAddressProvider
	// Idle is how many connections to an address are kept while nobody uses them.
	Idle int
	// Timeout is how long a request may take, and each snapshotUnit of a snapshot.
	Timeout time.Duration
	// Admit says why raft must not see a request; nil if it may. Whoever sent it is answered with the error. Nil admits all.
	Admit func(request any) error
	// Answer answers questions that are admitted (see Ask). It is called by several goroutines at once.
	Answer func(question []byte) []byte
	// Refused is told of connections that are given up for what came in. Nil: nobody is.
	Refused func(from net.Addr, err error)
	Logger  hclog.Logger
}

const (
	// snapshotUnit: a snapshot may take a Timeout for each of these, as with raft's own transport.
	snapshotUnit = 256 << 10
	// mostLines is how many lines for questions to an address are kept while nobody uses them. Each carries one question at a time.
	mostLines = 8
	// mostDials is how many lines to an address are made at once. The other end may let in only so many of whom it does not know yet who they
	// are, and drop the others; and when one is made, another is often free.
	mostDials = 8
	// acceptPause is waited after a connection could not be accepted: 5 ms, and longer and longer while that goes on.
	acceptPause, longestAcceptPause = 5 * time.Millisecond, time.Second
)

// Transport is a raft.Transport. It is safe for concurrent use.
type Transport struct {
	config    Config
	consumer  chan raft.RPC
	heartbeat atomic.Pointer[func(raft.RPC)]
	closed    chan struct{}

	mu sync.Mutex
	// idle are the connections to each address that nobody uses. Nil once the transport is closed.
	idle map[string][]*connection
	// lines are the lines for questions to each address that nobody uses.
	lines map[string][]*line
	// dials has a token for each line to an address that is being made.
	dials map[string]chan struct{}
	// taken are the connections that came in.
	taken map[net.Conn]bool
}

// New makes a transport, which takes in connections from then on.
func New(config Config) *Transport {
	t := &Transport{
		config: config, consumer: make(chan raft.RPC), closed: make(chan struct{}),
		idle: map[string][]*connection{}, lines: map[string][]*line{}, dials: map[string]chan struct{}{}, taken: map[net.Conn]bool{},
	}
	go t.listen()
	return t
}

// Close closes the stream and all connections but those that a request is under way on: whoever made them ends those. It may be called again.
func (t *Transport) Close() error {
	t.mu.Lock()
	idle, lines, taken := t.idle, t.lines, t.taken
	t.idle, t.lines, t.taken = nil, nil, nil
	t.mu.Unlock()
	if idle == nil {
		return nil
	}
	close(t.closed)
	err := t.config.Stream.Close()
	for _, connections := range idle {
		for _, c := range connections {
			c.Close()
		}
	}
	for _, kept := range lines {
		for _, l := range kept {
			l.Close()
		}
	}
	for c := range taken {
		c.Close()
	}
	return err
}

// Consumer is where raft takes requests from.
func (t *Transport) Consumer() <-chan raft.RPC { return t.consumer }

// SetHeartbeatHandler has raft take heartbeats past the Consumer, where it is busy with its disk at times.
func (t *Transport) SetHeartbeatHandler(handle func(raft.RPC)) {
	if handle == nil {
		t.heartbeat.Store(nil)
		return
	}
	t.heartbeat.Store(&handle)
}

// LocalAddr is the address that other members are told.
func (t *Transport) LocalAddr() raft.ServerAddress {
	return raft.ServerAddress(t.config.Stream.Addr().String())
}

// EncodePeer writes where a member is for the header of a message.
func (t *Transport) EncodePeer(id raft.ServerID, address raft.ServerAddress) []byte {
	return []byte(t.address(id, address))
}

// DecodePeer reads it.
func (t *Transport) DecodePeer(text []byte) raft.ServerAddress { return raft.ServerAddress(text) }

// AppendEntriesPipeline is refused: raft's pipeline can lock itself up when a follower refuses entries. From then on that follower gets
// heartbeats and no entries, until another leads (github.com/hashicorp/raft/issues/612), and raft does not end.
func (t *Transport) AppendEntriesPipeline(raft.ServerID, raft.ServerAddress) (raft.AppendPipeline, error) {
	return nil, raft.ErrPipelineReplicationNotSupported
}

// AppendEntries sends entries, or none as a heartbeat.
func (t *Transport) AppendEntries(id raft.ServerID, to raft.ServerAddress, request *raft.AppendEntriesRequest, response *raft.AppendEntriesResponse) error {
	return t.call(id, to, appendEntries, request, response)
}

// RequestVote asks a peer for its vote.
func (t *Transport) RequestVote(id raft.ServerID, to raft.ServerAddress, request *raft.RequestVoteRequest, response *raft.RequestVoteResponse) error {
	return t.call(id, to, requestVote, request, response)
}

// RequestPreVote asks a peer whether it would give it.
func (t *Transport) RequestPreVote(id raft.ServerID, to raft.ServerAddress, request *raft.RequestPreVoteRequest, response *raft.RequestPreVoteResponse) error {
	return t.call(id, to, requestPreVote, request, response)
}

// TimeoutNow hands leadership over.
func (t *Transport) TimeoutNow(id raft.ServerID, to raft.ServerAddress, request *raft.TimeoutNowRequest, response *raft.TimeoutNowResponse) error {
	return t.call(id, to, timeoutNow, request, response)
}

// InstallSnapshot sends a snapshot.
func (t *Transport) InstallSnapshot(id raft.ServerID, to raft.ServerAddress, request *raft.InstallSnapshotRequest, response *raft.InstallSnapshotResponse,
	snapshot io.Reader) error {
	c, err := t.connect(t.address(id, to))
	if err != nil {
		return err
	}
	defer c.Close() // nobody knows what is under way on it if this fails
	timeout := max(t.config.Timeout, t.config.Timeout*time.Duration(request.Size/snapshotUnit))
	if err := c.SetDeadline(time.Now().Add(timeout)); err != nil {
		return err
	}
	if err := c.write(byte(installSnapshot), request); err != nil {
		return err
	}
	if _, err := io.Copy(c, snapshot); err != nil {
		return fmt.Errorf("send a snapshot: %w", err)
	}
	_, err = receive(c, response)
	return err
}

// call sends a request and waits for the answer.
func (t *Transport) call(id raft.ServerID, to raft.ServerAddress, what kind, request, response any) error {
	c, err := t.connect(t.address(id, to))
	if err != nil {
		return err
	}
	if err := c.SetDeadline(time.Now().Add(t.config.Timeout)); err != nil {
		return errors.Join(err, c.Close())
	}
	if err := c.write(byte(what), request); err != nil {
		return errors.Join(err, c.Close())
	}
	usable, err := receive(c, response)
	if !usable || !t.keep(c) {
		c.Close()
	}
	return err
}

// receive reads the answer to a request, and tells whether the next one can go over the same connection.
func receive(c *connection, response any) (usable bool, err error) {
	what, text, err := c.read()
	switch {
	case errors.Is(err, io.EOF):
		return false, fmt.Errorf("%s closed the connection in the place of an answer: %w", c.to, err)
	case err != nil:
		return false, err
	case what == failed:
		return true, errors.New(string(text))
	case what != answered:
		return false, fmt.Errorf("%w: an answer of kind %d; want %d or %d", errForm, what, answered, failed)
	}
	err = decode(text, response)
	return err == nil, err
}

func (t *Transport) address(id raft.ServerID, otherwise raft.ServerAddress) string {
	if t.config.Addresses == nil {
		return string(otherwise)
	}
	at, err := t.config.Addresses.ServerAddr(id)
	if err != nil {
		t.config.Logger.Warn("a member's address is not known; the configuration's is taken", "id", id, "address", otherwise, "error", err)
		return string(otherwise)
	}
	return string(at)
}

// connect takes a connection that nobody uses, the one used last, or makes one.
func (t *Transport) connect(to string) (*connection, error) {
	t.mu.Lock()
	kept, found := takeLast(t.idle, to)
	t.mu.Unlock()
	if found {
		return kept, nil
	}
	made, err := t.config.Stream.Dial(raft.ServerAddress(to), t.config.Timeout)
	if err != nil {
		return nil, err
	}
	return newConnection(made, to), nil
}

// takeLast takes what was kept last for an address, if there is anything. It must be called, and not just begun, under the lock: what is kept
// next is written to the same place.
func takeLast[T any](kept map[string][]T, to string) (last T, found bool) {
	all := kept[to]
	if len(all) == 0 {
		return last, false
	}
	last, kept[to] = all[len(all)-1], all[:len(all)-1]
	return last, true
}

// keep keeps a connection for others; false if there are enough.
func (t *Transport) keep(c *connection) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.idle == nil || len(t.idle[c.to]) >= t.config.Idle {
		return false
	}
	t.idle[c.to] = append(t.idle[c.to], c)
	return true
}

// listen takes in connections.
func (t *Transport) listen() {
	pause := acceptPause
	for {
		accepted, err := t.config.Stream.Accept()
		if err != nil {
			select {
			case <-t.closed:
				return
			case <-time.After(pause):
			}
			t.config.Logger.Error("failed to accept a raft connection", "error", err)
			pause = min(2*pause, longestAcceptPause)
			continue
		}
		pause = acceptPause
		if t.take(accepted) {
			go t.serve(accepted)
		}
	}
}

// take notes a connection that came in, for Close; false if it came too late.
func (t *Transport) take(accepted net.Conn) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.taken == nil {
		accepted.Close()
		return false
	}
	t.taken[accepted] = true
	return true
}

// serve answers what comes in on a connection until it ends.
func (t *Transport) serve(accepted net.Conn) {
	defer func() {
		t.mu.Lock()
		delete(t.taken, accepted)
		t.mu.Unlock()
		accepted.Close()
	}()
	c := newConnection(accepted, "")
	answers := make(chan raft.RPCResponse, 1)
	for {
		goesOn, err := t.answer(c, answers)
		if errors.Is(err, errOtherVersion) || errors.Is(err, errForm) {
			if t.config.Refused != nil {
				t.config.Refused(accepted.RemoteAddr(), err)
			}
		}
		if !goesOn {
			return
		}
	}
}

// answer waits for a request, has raft answer it, and tells whether another may follow.
func (t *Transport) answer(c *connection, answers chan raft.RPCResponse) (goesOn bool, err error) {
	what, text, err := c.read()
	if errors.Is(err, errOtherVersion) {
		_, _ = io.WriteString(c, greeting) // for the other end to say what it wants
	}
	if err != nil {
		return false, err
	}
	request := newRequest(kind(what))
	if request == nil {
		return false, fmt.Errorf("%w of kind %d; want %d to %d", errForm, what, appendEntries, ask)
	}
	if err := decode(text, request); err != nil {
		return false, fmt.Errorf("%w: %w", errForm, err)
	}
	rpc := raft.RPC{Command: request, RespChan: answers}
	if snapshot, is := request.(*raft.InstallSnapshotRequest); is {
		rpc.Reader = io.LimitReader(c.reader, snapshot.Size)
	}
	response, served := t.consult(rpc, answers)
	if !served {
		return false, raft.ErrTransportShutdown
	}
	if response.Error != nil {
		err = c.write(failed, response.Error.Error())
	} else {
		err = c.write(answered, response.Response)
	}
	return err == nil && rpc.Reader == nil, err
}

// consult has raft answer a request, or Config.Answer a question, unless it is not admitted; false if the transport was closed meanwhile.
func (t *Transport) consult(rpc raft.RPC, answers <-chan raft.RPCResponse) (raft.RPCResponse, bool) {
	if t.config.Admit != nil {
		if err := t.config.Admit(rpc.Command); err != nil {
			return raft.RPCResponse{Error: err}, true
		}
	}
	if question, is := rpc.Command.(*Question); is {
		return raft.RPCResponse{Response: &reply{t.config.Answer(question.Text)}}, true
	}
	if handle := t.heartbeat.Load(); handle != nil && isHeartbeat(rpc.Command) {
		(*handle)(rpc)
	} else {
		select {
		case t.consumer <- rpc:
		case <-t.closed:
			return raft.RPCResponse{}, false
		}
	}
	select {
	case response := <-answers:
		return response, true
	case <-t.closed:
		return raft.RPCResponse{}, false
	}
}

// isHeartbeat tells a message without content, for which raft needs nothing but its term.
func isHeartbeat(request any) bool {
	append, is := request.(*raft.AppendEntriesRequest)
	return is && append.Term != 0 && len(append.Entries) == 0 && append.PrevLogEntry == 0 && append.PrevLogTerm == 0 && append.LeaderCommitIndex == 0
}

// Inject hands raft a message as if it had come in, without waiting for what it makes of it. Raft may be busy, say with its disk, until the
// context ends.
func (t *Transport) Inject(ctx context.Context, request any) {
	select {
	case t.consumer <- raft.RPC{Command: request, RespChan: make(chan raft.RPCResponse, 1)}:
	case <-t.closed:
	case <-ctx.Done():
	}
}
