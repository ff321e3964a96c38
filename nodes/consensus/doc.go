// Package consensus agrees with the other members on one order of commands and applies them to a state machine (CP): hashicorp/raft
// over plain TCP, its log on the disk.
//
// Any member takes a command; a follower forwards it to the leader. Apply succeeds only when a majority has stored the command and
// the state machine has applied it; its errors say whether the command is certainly void or may yet come true. ReadBarrier makes
// what the local state machine holds after it linearizable: the leader proves that it still leads, and this member catches up with
// what was committed by then.
//
// Unlike Nacos's, connections do not outlive a cut by up to as long again: every message has a deadline of seconds, after which its
// connection is replaced.
//
// Its place in the house: cmd/registry gives it the registry's persistent state; openapi writes through it and, where asked, reads
// behind it. It must not know what commands mean.
package consensus
