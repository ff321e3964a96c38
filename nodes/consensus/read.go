package consensus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"
)

// ReadBarrier returns once the local state machine holds everything that was committed anywhere before the call, so that what is read
// from it then is linearizable. It fails where no leader can prove that it leads.
func (n *Node) ReadBarrier(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, n.config.Timeout)
	defer cancel()
	news, err := n.learnReadIndex(ctx)
	if err != nil {
		return fmt.Errorf("linearizable read: %w", err)
	}
	if err := n.catchUp(ctx, news); err != nil {
		return fmt.Errorf("linearizable read: %w", err)
	}
	return nil
}

// catchUp waits until the state machine here has applied the command that a read must have seen. The entry may come in only after the
// news that it is committed, so that raft is told again and again.
func (n *Node) catchUp(ctx context.Context, news readIndex) error {
	const first, longest = 5 * time.Millisecond, 100 * time.Millisecond
	for pause := first; n.machine.index() < news.index; pause = min(2*pause, longest) {
		n.learnCommit(ctx, news)
		limited, cancel := context.WithTimeout(ctx, pause)
		err := n.machine.wait(limited, news.index)
		cancel()
		if err != nil && ctx.Err() != nil {
			return err
		}
	}
	return nil
}

// learnCommit tells raft here at once what the leader has committed; by itself it would learn with the next entry, or after the commit
// interval. It is told in the leader's own words, a message without entries that names the newest committed one, so that raft checks as
// ever that its log agrees up to there.
func (n *Node) learnCommit(ctx context.Context, news readIndex) {
	if news.leader == n.config.Self || news.committed == 0 {
		return
	}
	at, err := n.config.RaftAddress(news.leader)
	if err != nil {
		return
	}
	n.transport.Inject(ctx, &raft.AppendEntriesRequest{
		RPCHeader: raft.RPCHeader{ProtocolVersion: raft.ProtocolVersionMax, ID: []byte(news.leader), Addr: []byte(at)},
		Term:      news.term, PrevLogEntry: news.committed, PrevLogTerm: news.committedTerm, LeaderCommitIndex: news.committed,
	})
}

// learnReadIndex learns from the leader, or as the leader, how far a read must have caught up.
func (n *Node) learnReadIndex(ctx context.Context) (readIndex, error) {
	if n.raft.State() == raft.Leader {
		return n.readIndex(ctx)
	}
	leader := n.leader()
	switch string(leader) {
	case "":
		return readIndex{}, n.noLeader()
	case n.config.Self:
		return readIndex{}, errors.New("leadership is changing")
	}
	return n.askReadIndexOf(ctx, leader)
}

// readIndex returns the index of the last command that was committed before the call. It proves, after having looked, that this node
// led all the while: a majority followed a message of the same term that was sent later.
func (n *Node) readIndex(ctx context.Context) (readIndex, error) {
	news := readIndex{leader: n.config.Self, term: n.raft.CurrentTerm()}
	if err := n.commitInTerm(ctx, news.term); err != nil {
		return news, err
	}
	news.committed = n.raft.CommitIndex()
	var err error
	if news.index, err = n.lastCommand(news.committed); err != nil {
		return news, err
	}
	var newest raft.Log
	if n.store.Log.GetLog(news.committed, &newest) != nil {
		news.committed = 0 // it is in a snapshot already; followers learn of it in their own time
	}
	news.committedTerm = newest.Term
	moment := n.transport.now()
	for {
		if err := await(ctx, n.raft.VerifyLeader()); err != nil {
			return news, fmt.Errorf("verify leadership: %w", err)
		}
		if n.raft.CurrentTerm() != news.term {
			return news, fmt.Errorf("the term moved on from %d", news.term)
		}
		if n.followedByMajority(news.term, moment) {
			return news, nil
		}
	}
}

// followedByMajority tells whether a majority of the voters, this node among them, followed a message that was sent after the moment.
func (n *Node) followedByMajority(term, moment uint64) bool {
	voters, following := n.voters(), 0
	for _, voter := range voters {
		if string(voter) == n.config.Self || n.transport.hasFollowed(voter, term, moment) {
			following++
		}
	}
	return following > len(voters)/2
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
