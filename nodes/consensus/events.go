package consensus

import (
	"strings"
	"sync"

	"github.com/hashicorp/raft"

	"muster/model/run"
)

// watch logs this node's state and leader, and then each change of them. It does so where raft asks an observer's filter, for there
// raft waits: read later, the term could be that of the next election, and a leader be logged with a term that it never led.
// A candidate has the term before the one that it stands for.
func (n *Node) watch() {
	var order sync.Mutex // changes are logged after what was so before them
	order.Lock()
	defer order.Unlock()
	n.raft.RegisterObserver(raft.NewObserver(nil, false, func(change *raft.Observation) bool {
		order.Lock()
		defer order.Unlock()
		switch data := change.Data.(type) {
		case raft.RaftState:
			n.logState(data)
			n.wake()
		case raft.LeaderObservation:
			n.logLeader(data.LeaderID)
		}
		return false
	}))
	n.logState(n.raft.State())
	if leader := n.leader(); leader != "" {
		n.logLeader(leader)
	}
}

func (n *Node) logState(state raft.RaftState) {
	n.config.Logger.Info(run.EventRaftState, "state", stateName(state), "term", n.raft.CurrentTerm())
}

func (n *Node) logLeader(leader raft.ServerID) {
	n.config.Logger.Info(run.EventRaftLeader, "leader", string(leader), "term", n.raft.CurrentTerm())
}

func stateName(state raft.RaftState) string { return strings.ToLower(state.String()) }
