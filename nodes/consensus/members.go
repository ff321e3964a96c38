package consensus

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"muster/model/run"
	"muster/nodes/rpc"
)

// How members come and go.
const (
	// arrivalRetry is how long an empty node waits before it asks the members again.
	arrivalRetry = 200 * time.Millisecond
	// changeRetry is how long the leader waits before it tries again to make raft's members those of the list.
	changeRetry = 500 * time.Millisecond
	// questionTimeout is for questions between members.
	questionTimeout = time.Second
	// almost is by how many entries a new member may lag behind and get a vote all the same.
	almost = 128
	// stuckAfter is after how long without a leader a node says what could be done.
	stuckAfter = 15 * time.Second
	// waitsAfter is after how long a node that has not found its place says for the first time what it waits for; then it does so every
	// stuckAfter.
	waitsAfter = 3 * time.Second
)

// ProgressRequest asks a member how far it is.
type ProgressRequest struct{}

// ProgressResponse is its answer.
type ProgressResponse struct {
	rpc.Result
	// Last is the index of its newest entry: 0 before it has begun, 1 if all that it has is a beginning. Term is the newest that it knows of:
	// above 1 there has been an election.
	Last uint64 `json:"last"`
	Term uint64 `json:"term"`
}

// begun says whether a member knows of more than a beginning.
func (p ProgressResponse) begun() bool { return p.Last > 1 || p.Term > 1 }

// JoinRequest asks the leader to take a member that has nothing on its disk out of the configuration, so that it can be added anew. It
// must not vote before: it may have voted, and acknowledged entries, in a life that it has forgotten.
type JoinRequest struct {
	Member string `json:"member"`
}

// JoinResponse says that the member has no vote now, and that the leader's list names it.
type JoinResponse struct{ rpc.Result }

// SetMembers takes a new list of members. When this node leads, it adds and removes members one at a time until raft's are those of the
// list: a new one gets the log before it gets a vote, and none is removed without whom a majority would not be there.
func (n *Node) SetMembers(listed []string) {
	n.mu.Lock()
	n.wanted = slices.Clone(listed)
	n.mu.Unlock()
	n.gate.list(listed)
	n.wake()
}

func (n *Node) listed() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.wanted)
}

// wake has the members looked at again.
func (n *Node) wake() {
	select {
	case n.poke <- struct{}{}:
	default:
	}
}

// configured is raft's newest configuration.
func (n *Node) configured() []raft.Server { return n.raft.GetConfiguration().Configuration().Servers }

// voters are the members with a vote in raft's newest configuration.
func (n *Node) voters() (voters []raft.ServerID) {
	for _, server := range n.configured() {
		if server.Suffrage == raft.Voter {
			voters = append(voters, server.ID)
		}
	}
	return voters
}

// handleMembers has a server answer the questions above.
func (n *Node) handleMembers(server *rpc.Server) {
	rpc.Handle(server, func(context.Context, *ProgressRequest) (ProgressResponse, error) {
		return ProgressResponse{rpc.OK(), n.raft.LastIndex(), n.raft.CurrentTerm()}, nil
	})
	rpc.Handle(server, func(ctx context.Context, request *JoinRequest) (JoinResponse, error) {
		return JoinResponse{rpc.OK()}, n.letIn(ctx, request.Member)
	})
	rpc.Handle(server, func(ctx context.Context, request *OperateRequest) (OperateResponse, error) {
		return OperateResponse{rpc.OK()}, n.operate(ctx, request.Command, request.Value)
	})
}

// letIn makes sure that a member has no vote, as the leader, and then has it added anew if it is on the list.
func (n *Node) letIn(ctx context.Context, member string) error {
	if n.raft.State() != raft.Leader {
		return &rpc.Error{Code: rpc.CodeInvalid, Message: n.config.Self + " does not lead"}
	}
	if member == n.config.Self || !slices.Contains(n.listed(), member) {
		return &rpc.Error{Code: rpc.CodeInvalid, Message: fmt.Sprintf("%q is not among the members %v", member, n.listed())}
	}
	if slices.ContainsFunc(n.configured(), func(server raft.Server) bool { return string(server.ID) == member }) {
		if err := n.remove(ctx, member); err != nil {
			return err
		}
	} else if err := await(ctx, n.raft.Barrier(n.config.Timeout)); err != nil {
		// An earlier removal may not be committed yet, and then another leader may undo it; or another leads already.
		return fmt.Errorf("make sure that %s has no vote: %w", member, err)
	}
	n.wake()
	return nil
}

// arrive finds an empty node its place. Either none of the members has got further than a beginning: then it begins with them. Or they began
// without it, or it has lost what it had: then it asks the leader to be added. Until then it takes no part.
//
// To begin it wants to hear of every other member that is listed. A majority would not do for a node whose disk is new: it may have
// acknowledged entries, together with a member that does not answer now, to which those that do answer never listened. (Nacos begins with a
// majority, and so forgets what it acknowledged where a disk was lost.)
func (n *Node) arrive(ctx context.Context, servers []raft.Server, mayBegin bool) {
	defer n.waits.Store(nil)
	say := time.Now().Add(waitsAfter)
	for {
		begun, missing := n.askProgress(ctx)
		waits := fmt.Sprintf("an empty node joins or begins a cluster when it has word of all members; it has none of %v", missing)
		switch {
		case begun:
			if n.join(ctx) {
				n.gate.open.Store(true)
				n.config.Logger.Info(run.EventRaftJoin, "members", n.listed())
				return
			}
			waits = "the cluster has not let this node in yet, whose data folder was empty"
		case mayBegin && len(missing) == 0:
			if err := n.begin(servers); err != nil {
				n.config.Logger.Error("the cluster cannot begin", "error", err.Error())
			}
			return
		case !mayBegin:
			waits = "this node's data folder has lost its log, and there is no cluster to join: want the folder restored, or an empty one"
		}
		n.waits.Store(&waits)
		if now := time.Now(); now.After(say) {
			n.config.Logger.Warn("this node takes no part in Raft yet", "waits", waits, "missing", missing)
			say = now.Add(stuckAfter)
		}
		if !sleep(ctx, arrivalRetry) {
			return
		}
	}
}

// sleep returns false if the context ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// askProgress asks all other members how far they are: whether one has got further than a beginning, and which do not answer.
func (n *Node) askProgress(ctx context.Context) (begun bool, missing []string) {
	listed := n.listed()
	answers := n.progress(ctx, listed)
	for _, member := range listed {
		answer, answered := answers[member]
		if !answered && member != n.config.Self {
			missing = append(missing, member)
		}
		begun = begun || answer.begun()
	}
	return begun, missing
}

// progress asks members, but for this node, how far they are; those that do not answer are not in the result.
func (n *Node) progress(ctx context.Context, members []string) map[string]ProgressResponse {
	ctx, cancel := context.WithTimeout(ctx, questionTimeout)
	defer cancel()
	var wait sync.WaitGroup
	var mu sync.Mutex
	answers := map[string]ProgressResponse{}
	for _, member := range members {
		if member == n.config.Self {
			continue
		}
		wait.Go(func() {
			var response ProgressResponse
			if n.config.Peers.Call(ctx, member, ProgressRequest{}, &response) == nil {
				mu.Lock()
				defer mu.Unlock()
				answers[member] = response
			}
		})
	}
	wait.Wait()
	return answers
}

// join asks each member whether it leads and lets this one in.
func (n *Node) join(ctx context.Context) bool {
	for _, member := range n.listed() {
		if member == n.config.Self {
			continue
		}
		limited, cancel := context.WithTimeout(ctx, n.config.Timeout)
		err := n.config.Peers.Call(limited, member, JoinRequest{n.config.Self}, new(JoinResponse))
		cancel()
		if err == nil {
			return true
		}
		n.config.Logger.Debug("not let in yet", "asked", member, "error", err.Error())
	}
	return false
}

// follow makes raft's members those of the list whenever this node leads, until the context ends.
func (n *Node) follow(ctx context.Context) {
	var again <-chan time.Time
	leaderless := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-n.poke:
		case <-again:
		}
		again = nil
		done, err := n.nextChange(ctx)
		if err != nil && ctx.Err() == nil {
			n.config.Logger.Debug("raft's members do not follow the list yet", "error", err.Error())
		}
		if leader := n.leader(); leader != "" {
			leaderless = time.Now()
		} else if time.Since(leaderless) > stuckAfter && n.sayStuck() {
			leaderless = time.Now()
		}
		if !done {
			again = time.After(changeRetry)
		}
	}
}

// sayStuck says what can be done where there is no leader and raft's members are not those of the list.
func (n *Node) sayStuck() bool {
	var gone []string
	have := n.voters()
	for _, voter := range have {
		if !slices.Contains(n.listed(), string(voter)) {
			gone = append(gone, string(voter))
		}
	}
	if len(gone) > 0 {
		n.config.Logger.Error("no leader: raft's members are not those of the list. If a majority of raft's members is gone for good, or has new addresses, "+
			"stop all nodes and start each once with --reset-members", "raft", have, "list", n.listed(), "gone", gone)
	}
	return len(gone) > 0
}

// nextChange makes one change of raft's members, if one is due; done says that none is, for this node.
func (n *Node) nextChange(ctx context.Context) (done bool, err error) {
	listed, servers := n.listed(), n.configured()
	isListed := func(server raft.Server) bool { return slices.Contains(listed, string(server.ID)) }
	if n.raft.State() != raft.Leader {
		// Whoever leads sees to it; this node may have to say that nobody does.
		return !slices.ContainsFunc(servers, func(s raft.Server) bool { return !isListed(s) }), nil
	}
	if !slices.ContainsFunc(servers, isListed) {
		return false, fmt.Errorf("the list %v names none of raft's members %v", listed, servers)
	}
	for _, member := range listed {
		if !slices.ContainsFunc(servers, func(s raft.Server) bool { return string(s.ID) == member }) {
			return false, n.add(ctx, member)
		}
	}
	var lagging error
	for _, server := range servers {
		if server.Suffrage != raft.Voter && isListed(server) {
			if lagging = n.promote(ctx, server); lagging == nil {
				return false, nil
			}
		}
	}
	for _, server := range servers {
		if !isListed(server) {
			return false, n.remove(ctx, string(server.ID))
		}
	}
	return lagging == nil, lagging
}

// add lets a member have the log, without a vote.
func (n *Node) add(ctx context.Context, member string) error {
	at, err := n.config.RaftAddress(member)
	if err != nil {
		return err
	}
	return n.changed(ctx, "added", member, n.raft.AddNonvoter(raft.ServerID(member), raft.ServerAddress(at), 0, n.config.Timeout))
}

// promote gives a member its vote once it has almost all of the log.
func (n *Node) promote(ctx context.Context, server raft.Server) error {
	answer, answered := n.progress(ctx, []string{string(server.ID)})[string(server.ID)]
	if committed := n.raft.CommitIndex(); !answered || answer.Last+almost < committed {
		return fmt.Errorf("%s has %d of %d entries", server.ID, answer.Last, committed)
	}
	return n.changed(ctx, "given a vote", string(server.ID), n.raft.AddVoter(server.ID, server.Address, 0, n.config.Timeout))
}

// remove takes a member out, if a majority of those that stay is there. A leader hands leadership over before it goes.
func (n *Node) remove(ctx context.Context, member string) error {
	if member == n.config.Self {
		return await(ctx, n.raft.LeadershipTransfer())
	}
	var stay []string
	voted := false
	for _, voter := range n.voters() {
		if string(voter) == member {
			voted = true
			continue
		}
		stay = append(stay, string(voter))
	}
	if voted {
		if there := 1 + len(n.progress(ctx, stay)); there <= len(stay)/2 {
			return fmt.Errorf("without %s, %d of %v would be no majority", member, there, stay)
		}
	}
	return n.changed(ctx, "removed", member, n.raft.RemoveServer(raft.ServerID(member), 0, n.config.Timeout))
}

// changed waits for a change of the members and logs it.
func (n *Node) changed(ctx context.Context, how, member string, change raft.IndexFuture) error {
	if err := await(ctx, change); err != nil {
		return fmt.Errorf("%s: to be %s: %w", member, how, err)
	}
	n.config.Logger.Info(run.EventRaftMember, "member", member, "change", how, "term", n.raft.CurrentTerm())
	return nil
}
