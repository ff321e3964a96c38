// Package consensus agrees with the other members on one order of commands and applies them to a state machine (CP): hashicorp/raft
// over plain TCP (package wire), its log on the disk.
//
// Any member takes a command; a follower forwards it to the leader. Apply succeeds only when a majority has stored the command and
// the state machine has applied it; its errors say whether the command is certainly void or may yet come true. ReadBarrier makes
// what the local state machine holds after it linearizable: the leader proves that it still leads, and this member catches up with
// what was committed by then.
//
// Members come and go with each node's list (SetMembers): the leader makes raft's those of its own, one at a time. An empty node begins a
// cluster only when every listed member has answered, and none has got beyond a beginning; else it asks to be let in. A node that lost its
// disk is taken out and added anew, since it may have voted, and acknowledged, what it has forgotten. A node with its old disk at a new
// address is a new member that has most of the log already. (Nacos removes members, lets new ones add themselves, and has no way back
// for one whose address changed but to delete its folder.) Where all addresses changed at once nobody can tell this from another
// cluster, and an operator must say so: ResetMembers.
//
// Unlike Nacos's, connections do not outlive a cut by up to as long again: every message has a deadline of seconds, after which its
// connection is replaced.
//
// Raft believes whatever comes in at its port. So only members' hosts may connect, where members have a secret each end proves that it knows it
// before anything else is said (see introduce), and raft sees no message that could make it panic (see gate). What is refused is counted.
//
// Its place in the house: cmd/registry gives it the registry's persistent state; openapi writes through it and, where asked, reads
// behind it. It must not know what commands mean.
package consensus
