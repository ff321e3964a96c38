package consensus

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/hashicorp/raft"

	"muster/nodes/consensus/wire"
	"muster/nodes/defect"
	"muster/nodes/rpc"
)

// What members ask whoever leads goes over lines of its own to the Raft port (wire.Question). The first byte says what it is.
const (
	// forwardCommand: the command follows.
	forwardCommand byte = iota + 1
	// askReadIndex: nothing follows.
	askReadIndex
)

// The first byte of an answer says what became of it. Behind all but carriedOut comes a text.
const (
	// carriedOut: behind that of askReadIndex come the numbers of a readIndex.
	carriedOut byte = iota + 1
	// refusedByMachine: the command was committed, and the state machine refused it with this error.
	refusedByMachine
	// certainlyNot was it committed.
	certainlyNot
	// perhaps it was, or will be.
	perhaps
)

// errAnswer is for an answer that no leader gives.
var errAnswer = errors.New("a malformed answer")

// QuestionRequest is such a question over the port for peers, where connections are kept on purpose: what a cut swallowed on the one connection
// that there is to a peer holds up all the rest.
type QuestionRequest struct {
	Text []byte `json:"text"`
}

// QuestionResponse is the answer.
type QuestionResponse struct {
	rpc.Result
	Text []byte `json:"text"`
}

// ask asks a member. The error is wire.ErrNotTaken where it certainly did nothing.
func (n *Node) ask(ctx context.Context, member raft.ServerID, question []byte) ([]byte, error) {
	if !defect.On(KeepBrokenConnections) {
		header := raft.RPCHeader{ProtocolVersion: raft.ProtocolVersionMax, ID: []byte(n.config.Self)}
		return n.transport.Ask(ctx, member, &wire.Question{RPCHeader: header, Text: question})
	}
	var response QuestionResponse
	err := n.config.Peers.Call(ctx, string(member), QuestionRequest{question}, &response)
	if errors.Is(err, rpc.ErrNotSent) {
		err = fmt.Errorf("%w: %w", wire.ErrNotTaken, err)
	}
	return response.Text, err
}

// forward has a leader apply a command; see Apply.
func (n *Node) forward(ctx context.Context, leader raft.ServerID, command []byte) (refusal any, err error) {
	told, err := n.ask(ctx, leader, append([]byte{forwardCommand}, command...))
	switch {
	case errors.Is(err, wire.ErrNotTaken):
		return nil, fmt.Errorf("%w: %w", ErrNotCommitted, err)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrUnknownOutcome, err)
	case len(told) == 0:
		return nil, fmt.Errorf("%w: %s: %w of no bytes", ErrUnknownOutcome, leader, errAnswer)
	}
	outcome, text := told[0], told[1:]
	switch outcome {
	case carriedOut:
		return nil, nil
	case refusedByMachine:
		return n.refusal(string(text)), nil
	case certainlyNot:
		return nil, fmt.Errorf("%w: the leader %s says: %s", ErrNotCommitted, leader, text)
	case perhaps:
		return nil, fmt.Errorf("%w: the leader %s says: %s", ErrUnknownOutcome, leader, text)
	}
	return nil, fmt.Errorf("%w: %s: %w of kind %d; want %d to %d", ErrUnknownOutcome, leader, errAnswer, outcome, carriedOut, perhaps)
}

// askReadIndexOf learns from a leader how far a read must have caught up.
func (n *Node) askReadIndexOf(ctx context.Context, leader raft.ServerID) (readIndex, error) {
	told, err := n.ask(ctx, leader, []byte{askReadIndex})
	switch {
	case err != nil:
		return readIndex{}, err
	case len(told) == 0:
		return readIndex{}, fmt.Errorf("%s: %w of no bytes", leader, errAnswer)
	case told[0] != carriedOut:
		return readIndex{}, fmt.Errorf("the leader %s says: %s", leader, told[1:])
	}
	news, err := decodeReadIndex(told[1:])
	news.leader = string(leader)
	return news, err
}

// answer answers what another member asks. It takes no longer than Config.Timeout.
func (n *Node) answer(question []byte) []byte {
	ctx, cancel := context.WithTimeout(context.Background(), n.config.Timeout)
	defer cancel()
	switch {
	case len(question) > 0 && question[0] == forwardCommand:
		return n.answerCommand(ctx, question[1:])
	case len(question) == 1 && question[0] == askReadIndex:
		news, err := n.readIndex(ctx)
		if err != nil {
			return append([]byte{certainlyNot}, err.Error()...)
		}
		return news.encode([]byte{carriedOut})
	}
	return append([]byte{certainlyNot}, "it does not know what is asked; want members of the same version"...)
}

// answerCommand applies a command that another member forwarded: once, never in circles.
func (n *Node) answerCommand(ctx context.Context, command []byte) []byte {
	if n.raft.State() != raft.Leader {
		return append([]byte{certainlyNot}, raft.ErrNotLeader.Error()...)
	}
	answer, err := n.applyHere(ctx, command)
	refusal, refused := answer.(error)
	switch {
	case errors.Is(err, ErrNotCommitted):
		return append([]byte{certainlyNot}, err.Error()...)
	case err != nil:
		return append([]byte{perhaps}, err.Error()...)
	case refused:
		return append([]byte{refusedByMachine}, refusal.Error()...)
	}
	return []byte{carriedOut}
}

// Handle has a server take in what members ask each other.
func (n *Node) Handle(server *rpc.Server) {
	if defect.On(KeepBrokenConnections) {
		rpc.Handle(server, func(_ context.Context, request *QuestionRequest) (QuestionResponse, error) {
			return QuestionResponse{Result: rpc.OK(), Text: n.answer(request.Text)}, nil
		})
	}
	n.handleMembers(server)
}

// readIndex is how far a linearizable read must have caught up.
type readIndex struct {
	// index is that of the last command which a read must have seen.
	index uint64
	// term is the leader's. committed is its newest committed entry, of committedTerm; 0 if only a snapshot holds it.
	term, committed, committedTerm uint64
	// leader is who says so.
	leader string
}

// encode appends the numbers.
func (r readIndex) encode(to []byte) []byte {
	for _, number := range []uint64{r.index, r.term, r.committed, r.committedTerm} {
		to = binary.BigEndian.AppendUint64(to, number)
	}
	return to
}

func decodeReadIndex(text []byte) (r readIndex, err error) {
	numbers := []*uint64{&r.index, &r.term, &r.committed, &r.committedTerm}
	if len(text) != 8*len(numbers) {
		return r, fmt.Errorf("%w of %d bytes; want %d numbers", errAnswer, len(text), len(numbers))
	}
	for i, number := range numbers {
		*number = binary.BigEndian.Uint64(text[8*i:])
	}
	return r, nil
}
