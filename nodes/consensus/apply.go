package consensus

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/raft"

	"muster/nodes/defect"
)

// What may become of a command that did not succeed.
var (
	// ErrNoLeader: this member knows no leader, or has not found its place in the cluster yet. Nothing was done.
	ErrNoLeader = errors.New("no leader is known")
	// ErrNotCommitted: the command was refused before anything was done with it.
	ErrNotCommitted = errors.New("the command was not committed")
	// ErrUnknownOutcome: the command may have been applied, may be applied later, or never.
	ErrUnknownOutcome = errors.New("it is unknown whether the command was committed")
)

// AckBeforeCommit has a leader acknowledge a command as soon as it has it, with the answer nil, before any other member does. It is
// applied only when it is committed, if ever.
const AckBeforeCommit defect.Name = "consensus/ackBeforeCommit"

// Apply has a command committed and applied, and returns the state machine's answer: nil, or the error with which it refused the
// command. Any member may be asked. err is one of ErrNoLeader, ErrNotCommitted and ErrUnknownOutcome, wrapped with the cause.
func (n *Node) Apply(ctx context.Context, command []byte) (answer any, err error) {
	ctx, cancel := context.WithTimeout(ctx, n.config.Timeout)
	defer cancel()
	if n.raft.State() == raft.Leader {
		return n.applyHere(ctx, command)
	}
	leader := n.route.leader(n.leader())
	switch string(leader) {
	case "":
		return nil, n.noLeader()
	case n.config.Self:
		return nil, fmt.Errorf("%w: leadership is changing", ErrNotCommitted)
	}
	return n.forward(ctx, leader, command)
}

// leader is the member that this one believes to lead; "" if it knows none.
func (n *Node) leader() raft.ServerID {
	_, leader := n.raft.LeaderWithID()
	return leader
}

// noLeader is ErrNoLeader with what this member waits for, if that is known.
func (n *Node) noLeader() error {
	if waits := n.waits.Load(); waits != nil {
		return fmt.Errorf("%w: %s", ErrNoLeader, *waits)
	}
	return ErrNoLeader
}

// leading tells whether this member leads another in a term.
func (n *Node) leading(follower raft.ServerID, term uint64) bool {
	return n.raft.State() == raft.Leader && n.raft.CurrentTerm() == term &&
		slices.ContainsFunc(n.configured(), func(s raft.Server) bool { return s.ID == follower })
}

// refusal is the state machine's error again that had this text at the leader.
func (n *Node) refusal(text string) error {
	for _, known := range n.config.Refusals {
		if known.Error() == text {
			return known
		}
	}
	return errors.New(text)
}

// applyHere applies a command as the leader.
func (n *Node) applyHere(ctx context.Context, command []byte) (any, error) {
	future := n.raft.Apply(command, n.config.Timeout)
	if defect.On(AckBeforeCommit) {
		return nil, nil
	}
	switch err := await(ctx, future); {
	case err == nil:
		return future.Response(), nil
	case errors.Is(err, raft.ErrNotLeader), errors.Is(err, raft.ErrLeadershipTransferInProgress), errors.Is(err, raft.ErrEnqueueTimeout):
		return nil, fmt.Errorf("%w: %w", ErrNotCommitted, err)
	default:
		return nil, fmt.Errorf("%w: %w", ErrUnknownOutcome, err)
	}
}
