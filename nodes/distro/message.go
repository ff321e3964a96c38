package distro

import (
	"math"
	"time"

	"muster/nodes/registry"
	"muster/nodes/rpc"
)

// Operation says what a DistroDataRequest is for (Nacos: DataOperation).
type Operation string

// The operations.
const (
	// Change tells the state of clients: Changed replaces, Removed takes away.
	Change Operation = "CHANGE"
	// Verify tells all clients that the sender is responsible for; the answer's Unknown are those to be told in full.
	Verify Operation = "VERIFY"
	// Snapshot asks for all clients, a page at a time: those after the id After.
	Snapshot Operation = "SNAPSHOT"
)

// DistroDataRequest goes from node to node. Unlike Nacos's, which carries one client, it carries as many as there are to tell.
type DistroDataRequest struct {
	DataOperation Operation `json:"dataOperation"`
	Source        string    `json:"source"`
	// Boot tells one run of the sender's process from the next; RunningMillis is how long it has been running. By these a
	// receiver sees that a message is late.
	Boot          int64                 `json:"boot"`
	RunningMillis int64                 `json:"runningMillis"`
	Changed       []registry.ClientData `json:"changed,omitempty"`
	Removed       []Mention             `json:"removed,omitempty"`
	Verified      []Mention             `json:"verified,omitempty"`
	// Lists are services' lists of instances, where Distro compares these and not clients. With Verify they are all that the sender is
	// responsible for, with Change those of which every instance is in Changed, or was in an earlier message and is mentioned in Verified.
	Lists []registry.List `json:"lists,omitempty"`
	// Living are the members that the sender takes for alive, and so decides by what it is responsible for. With Verify, and with Change
	// that has Lists.
	Living []string `json:"living,omitempty"`
	// After and Until bound the ids of the clients that the message is about: those after the one, and up to the other if it is given.
	// With Snapshot and Verify; where lists are compared, they bound the names of these with Verify.
	After string `json:"after,omitempty"`
	Until string `json:"until,omitempty"`
	// Part is which part of a client that one message has no room for is asked for, with Snapshot; with Change, which one is told, and
	// MoreParts says that others follow.
	Part      int  `json:"part,omitempty"`
	MoreParts bool `json:"moreParts,omitempty"`
}

// covers says whether the message is about a client, or a list.
func (r *DistroDataRequest) covers(name string) bool {
	return name > r.After && (r.Until == "" || name <= r.Until)
}

// Mention is a client without what it publishes.
type Mention struct {
	ClientID string `json:"clientId"`
	Revision int64  `json:"revision,omitempty"`
	// SilentMillis is for how long the sender has not heard of the client.
	SilentMillis int64 `json:"silentMillis"`
}

// silent is SilentMillis as a time.
func (m Mention) silent() time.Duration { return milliseconds(m.SilentMillis) }

// milliseconds guards against numbers that no time.Duration can hold.
func milliseconds(n int64) time.Duration {
	const most = math.MaxInt64 / int64(time.Millisecond)
	return time.Duration(min(max(n, 0), most)) * time.Millisecond
}

// DistroDataResponse answers it.
type DistroDataResponse struct {
	rpc.Result
	// Unknown answers Verify: ids of clients, or names of lists.
	Unknown []string `json:"unknown,omitempty"`
	// Clients answers Snapshot; More says that there are further pages. Where it is one client in parts, Part is the number of this one, and
	// MoreParts says that others are to be asked for. Loaded says whether the answering node has itself loaded what its peers knew, and so
	// knows all.
	Clients   []registry.ClientData `json:"clients,omitempty"`
	More      bool                  `json:"more,omitempty"`
	Part      int                   `json:"part,omitempty"`
	MoreParts bool                  `json:"moreParts,omitempty"`
	Loaded    bool                  `json:"loaded,omitempty"`
}
