package consensus

import (
	"strings"

	"github.com/hashicorp/raft"

	"muster/model/run"
)

// watch logs this node's state, and then each change of it and of the leader that the node believes in.
func (n *Node) watch() {
	const unread = 64 // changes that may wait; raft drops more rather than wait itself
	changes := make(chan raft.Observation, unread)
	n.raft.RegisterObserver(raft.NewObserver(changes, false, func(o *raft.Observation) bool {
		switch o.Data.(type) {
		case raft.RaftState, raft.LeaderObservation:
			return true
		}
		return false
	}))
	n.logChange(raft.Observation{Data: n.raft.State()})
	n.events.Go(func() {
		for {
			select {
			case change := <-changes:
				n.logChange(change)
			case <-n.stopped:
				for len(changes) > 0 {
					n.logChange(<-changes)
				}
				return
			}
		}
	})
}

func (n *Node) logChange(change raft.Observation) {
	term := n.raft.CurrentTerm()
	switch data := change.Data.(type) {
	case raft.RaftState:
		n.config.Logger.Info(run.EventRaftState, "state", stateName(data), "term", term)
	case raft.LeaderObservation:
		n.config.Logger.Info(run.EventRaftLeader, "leader", string(data.LeaderID), "term", term)
	}
}

func stateName(state raft.RaftState) string { return strings.ToLower(state.String()) }
