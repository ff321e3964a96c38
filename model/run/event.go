package run

import (
	"encoding/json"
	"time"
)

// Names of the events that a registry node writes to its log (standard error, one JSON object a line, log/slog's JSON form: the
// name in "msg", the node's address in "node"). Roles, lanes and conditions are read from these, simulated and live alike.
const (
	// EventNodeStart {members, build}: the process is up. EventNodeReady: it serves. EventNodeStop {reason}: it ends in good order.
	EventNodeStart = "node.start"
	EventNodeReady = "node.ready"
	EventNodeStop  = "node.stop"
	// EventRaftState {state: follower|candidate|leader|shutdown, term}: this node's own Raft state changed.
	EventRaftState = "raft.state"
	// EventRaftLeader {leader: "ip:port" or "", term}: this node now believes in that leader.
	EventRaftLeader = "raft.leader"
	// EventRaftMember {member, change: added|given a vote|removed, term}: this node, the leader, changed the Raft group's members.
	// EventRaftJoin {members}: this node, whose folder was empty, was let into a cluster that had begun without it.
	EventRaftMember = "raft.member"
	EventRaftJoin   = "raft.join"
	// EventMemberState {member: "ip:port", state: UP|SUSPICIOUS|DOWN, failures, reason}: what this node thinks of a peer.
	EventMemberState = "member.state"
	// EventMemberList {members, added, removed}: this node's list of members changed.
	EventMemberList = "member.list"
	// EventDistroSyncFailed {target, client, error}, EventDistroVerifyFailed {target, client}, EventDistroLoaded {from, clients}.
	EventDistroSyncFailed   = "distro.sync.failed"
	EventDistroVerifyFailed = "distro.verify.failed"
	EventDistroLoaded       = "distro.loaded"
	// EventInstanceUnhealthy and EventInstanceExpired {service, instance, silent_ms}: the responsible node's beat check.
	EventInstanceUnhealthy = "instance.unhealthy"
	EventInstanceExpired   = "instance.expired"
	// EventInstanceProbed {service, instance, healthy, found}: this node, which is responsible, found a persistent instance's health
	// changed, and all agreed.
	EventInstanceProbed = "instance.probed"
	// EventClientExpired {client}: a connection gave no sign of life for so long that it was given up, with all that it registered.
	EventClientExpired = "client.expired"
	// EventFailpointEnabled {name}: this node runs with a defect switched on. EventFailpointDisabled {name}: it does no more.
	EventFailpointEnabled  = "failpoint.enabled"
	EventFailpointDisabled = "failpoint.disabled"
)

// NodeEvent is a log line that carries one of the events above.
type NodeEvent struct {
	T       time.Duration
	Machine string
	Name    string
	// Attributes are the line's other fields as JSON decodes them: string, float64, bool, nil.
	Attributes map[string]any
}

// Text of an attribute, "" if it is absent or no string.
func (e NodeEvent) Text(name string) string { s, _ := e.Attributes[name].(string); return s }

// Number of an attribute, 0 if it is absent or no number.
func (e NodeEvent) Number(name string) float64 { n, _ := e.Attributes[name].(float64); return n }

// ParseNodeEvent reads a log line as an event; ok is false for anything else that a program may print.
func ParseNodeEvent(machine string, line LogLine) (event NodeEvent, ok bool) {
	if len(line.Text) == 0 || line.Text[0] != '{' {
		return event, false
	}
	attributes := map[string]any{}
	if json.Unmarshal([]byte(line.Text), &attributes) != nil {
		return event, false
	}
	name, ok := attributes["msg"].(string)
	if !ok {
		return event, false
	}
	delete(attributes, "msg")
	return NodeEvent{T: line.T, Machine: machine, Name: name, Attributes: attributes}, true
}
