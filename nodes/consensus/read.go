package consensus

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/raft"
)

// ReadBarrier returns once the local state machine holds everything that was committed anywhere before the call, so that what is read
// from it then is linearizable. It fails where no leader can prove that it leads.
func (n *Node) ReadBarrier(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, n.config.Timeout)
	defer cancel()
	index, err := n.askReadIndex(ctx)
	if err != nil {
		return fmt.Errorf("linearizable read: %w", err)
	}
	if err := n.machine.wait(ctx, index); err != nil {
		return fmt.Errorf("linearizable read: %w", err)
	}
	return nil
}

// askReadIndex learns from the leader, or as the leader, how far a read must have caught up.
func (n *Node) askReadIndex(ctx context.Context) (uint64, error) {
	if n.raft.State() == raft.Leader {
		return n.readIndex(ctx)
	}
	_, leader := n.raft.LeaderWithID()
	switch string(leader) {
	case "":
		return 0, ErrNoLeader
	case n.config.Self:
		return 0, errors.New("leadership is changing")
	}
	var response ReadIndexResponse
	if err := n.config.Peers.Call(ctx, string(leader), ReadIndexRequest{}, &response); err != nil {
		return 0, err
	}
	return response.Index, nil
}

// readIndex returns the index of the last command that was committed before the call. It proves, after having looked, that this node
// led all the while: a majority followed a message of the same term that was sent later.
func (n *Node) readIndex(ctx context.Context) (uint64, error) {
	term := n.raft.CurrentTerm()
	if err := n.commitInTerm(ctx, term); err != nil {
		return 0, err
	}
	index, err := n.lastCommand(n.raft.CommitIndex())
	if err != nil {
		return 0, err
	}
	moment := n.transport.now()
	for {
		if err := await(ctx, n.raft.VerifyLeader()); err != nil {
			return 0, fmt.Errorf("verify leadership: %w", err)
		}
		if n.raft.CurrentTerm() != term {
			return 0, fmt.Errorf("the term moved on from %d", term)
		}
		if 1+n.transport.followers(term, moment) > len(n.config.Members)/2 {
			return index, nil
		}
	}
}

// commitInTerm makes sure that an entry of the leader's own term is committed: only then does its commit index cover what earlier
// leaders acknowledged (Ongaro's thesis, section 6.4). Raft appends one when it becomes leader; that may still be on its way.
func (n *Node) commitInTerm(ctx context.Context, term uint64) error {
	var newest raft.Log
	if err := n.store.Log.GetLog(n.raft.CommitIndex(), &newest); err == nil && newest.Term == term {
		return nil
	}
	if err := await(ctx, n.raft.Barrier(n.config.Timeout)); err != nil {
		return fmt.Errorf("commit an entry of term %d: %w", term, err)
	}
	return nil
}

// lastCommand returns the index of the last command up to an index; entries of raft's own are not counted by the state machine.
func (n *Node) lastCommand(index uint64) (uint64, error) {
	for ; index > 0; index-- {
		var entry raft.Log
		err := n.store.Log.GetLog(index, &entry)
		if errors.Is(err, raft.ErrLogNotFound) { // it is in a snapshot, and so in the state machine
			return min(index, n.machine.index()), nil
		}
		if err != nil {
			return 0, err
		}
		if entry.Type == raft.LogCommand {
			return index, nil
		}
	}
	return 0, nil
}
