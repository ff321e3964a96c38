package consensus

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/raft"

	"muster/nodes/rpc"
)

// Operations are the commands of Operate (Nacos: core/distributed/raft/utils/JRaftConstants and JRaftOps), "restRaftCluster" spelt as
// there.
var Operations = []string{"transferLeader", "restRaftCluster", "doSnapshot", "removePeer", "removePeers", "changePeers", "resetPeers"}

// OperateRequest is an operator's command on its way to the member that it concerns.
type OperateRequest struct {
	Command string `json:"command"`
	Value   string `json:"value"`
}

// OperateResponse says that it was carried out.
type OperateResponse struct{ rpc.Result }

// Operate carries out one of Operations. Its value names members by the addresses of their Raft ports, one or several with commas between
// them. Any member may be asked; the command goes to the one that it concerns, for most the leader.
//
// Members follow the list, so that commands which change them do nothing that the list does not say: removePeer takes out who is not on
// it, and changePeers must name those who are. resetPeers, for a cluster without a majority, cannot be done to a node that runs.
func (n *Node) Operate(ctx context.Context, command, value string) error {
	to := ""
	switch command {
	case "resetPeers":
		return errors.New("a node that runs cannot forget raft's members: stop all nodes and start each once with --reset-members")
	case "doSnapshot":
		members, err := n.members(value)
		if err != nil {
			return err
		}
		if len(members) != 1 {
			return fmt.Errorf("%s of %q: want one member", command, value)
		}
		to = members[0]
	default:
		leader := n.leader()
		if to = string(leader); to == "" {
			return n.noLeader()
		}
	}
	if to == n.config.Self {
		return n.operate(ctx, command, value)
	}
	return n.config.Peers.Call(ctx, to, OperateRequest{command, value}, new(OperateResponse))
}

// operate carries a command out here.
func (n *Node) operate(ctx context.Context, command, value string) error {
	ctx, cancel := context.WithTimeout(ctx, n.config.Timeout)
	defer cancel()
	members, err := n.members(value)
	if err != nil {
		return err
	}
	switch command {
	case "doSnapshot":
		if err := await(ctx, n.raft.Snapshot()); err != nil && !errors.Is(err, raft.ErrNothingNewToSnapshot) {
			return fmt.Errorf("take a snapshot: %w", err)
		}
		return nil
	case "transferLeader":
		return n.transfer(ctx, members)
	case "removePeer", "removePeers":
		for _, member := range members {
			if err := n.removeUnlisted(ctx, member); err != nil {
				return err
			}
		}
		return nil
	case "changePeers", "restRaftCluster":
		return n.changeTo(ctx, members)
	}
	return fmt.Errorf("command %q: want one of %v", command, Operations)
}

// members reads a command's value. A member's name is the address of its HTTP API.
func (n *Node) members(value string) (members []string, err error) {
	for _, peer := range strings.Split(value, ",") {
		host, text, err := net.SplitHostPort(strings.TrimSpace(peer))
		if err != nil {
			return nil, fmt.Errorf("peer %q: %w; want the ip:port of a member's Raft port", peer, err)
		}
		port, err := strconv.Atoi(text)
		if err != nil {
			return nil, fmt.Errorf("peer %q: port %q; want a number", peer, text)
		}
		members = append(members, net.JoinHostPort(host, strconv.Itoa(port-rpc.RaftOffset)))
	}
	return members, nil
}

// transfer hands leadership to a member.
func (n *Node) transfer(ctx context.Context, to []string) error {
	if len(to) != 1 {
		return fmt.Errorf("transferLeader to %v: want one member", to)
	}
	if to[0] == n.config.Self {
		return nil
	}
	at := slices.IndexFunc(n.configured(), func(s raft.Server) bool { return string(s.ID) == to[0] && s.Suffrage == raft.Voter })
	if at < 0 {
		return fmt.Errorf("transferLeader to %s: it is none of %v, who have a vote", to[0], n.voters())
	}
	server := n.configured()[at]
	return await(ctx, n.raft.LeadershipTransferToServer(server.ID, server.Address))
}

// removeUnlisted removes a member, unless the list names it.
func (n *Node) removeUnlisted(ctx context.Context, member string) error {
	if slices.Contains(n.listed(), member) {
		return fmt.Errorf("%s is in the list of members, which raft's members follow; want it taken off the list", member)
	}
	if !slices.ContainsFunc(n.configured(), func(s raft.Server) bool { return string(s.ID) == member }) {
		return nil
	}
	return n.remove(ctx, member)
}

// changeTo waits until raft's members are those of the list.
func (n *Node) changeTo(ctx context.Context, members []string) error {
	want := n.listed()
	slices.Sort(want)
	slices.Sort(members)
	if !slices.Equal(want, members) {
		return fmt.Errorf("members %v are not those of the list %v, which raft's members follow; want the list changed", members, want)
	}
	n.wake()
	for {
		have := n.voters()
		if len(have) == len(want) && !slices.ContainsFunc(have, func(id raft.ServerID) bool { return !slices.Contains(want, string(id)) }) {
			return nil
		}
		if !sleep(ctx, changeRetry) {
			return fmt.Errorf("raft's members are %v still: %w", have, ctx.Err())
		}
	}
}
