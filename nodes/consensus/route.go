package consensus

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"

	"muster/nodes/defect"
)

// ForwardToFormerLeader has a follower forward commands to the leader that it knew when it last looked, which it does every 5 to 10 s, and
// go on with that as long as it knows no other: so Nacos's route table, which JRaft's elections do not touch (JRaftServer:
// RouteTable.refreshLeader, every election time-out and up to 5 s more). What is forwarded into a cut is answered with an error; with
// KeepBrokenConnections besides, it arrives and is carried out when the cut has healed and TCP sends it again. The node has to be started
// with it.
const ForwardToFormerLeader defect.Name = "consensus/forwardToFormerLeader"

// How often a route is looked up, and how much more seldom a node may do it.
const (
	routeEvery  = 5 * time.Second
	routeJitter = 5 * time.Second
)

// route is where commands are forwarded to.
type route struct{ former atomic.Pointer[raft.ServerID] }

// follow looks for the leader, again and again, until the context ends.
func (r *route) follow(ctx context.Context, known func() raft.ServerID) {
	every := routeEvery + rand.N(routeJitter)
	for {
		if leader := known(); leader != "" {
			r.former.Store(&leader)
		}
		if !sleep(ctx, every) {
			return
		}
	}
}

// leader is whom a member that believes in a leader, or in none, forwards to.
func (r *route) leader(believed raft.ServerID) raft.ServerID {
	if former := r.former.Load(); former != nil && defect.On(ForwardToFormerLeader) {
		return *former
	}
	return believed
}
