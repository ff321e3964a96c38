package scenarios

import (
	"fmt"
	"strconv"
	"strings"
)

// Role says whom a fault strikes. Roles other than a node's own name are resolved when the fault strikes, from what the nodes
// have logged until then.
type Role string

// The roles; see also Node and ResponsibleFor.
const (
	// Leader is the node that leads the Raft group.
	Leader Role = "leader"
	// Follower is a running node that does not lead, drawn from the run's seed. Named twice in one fault, it is two nodes.
	Follower Role = "follower"
	// Any is a running node, drawn from the run's seed.
	Any Role = "any"
	// Others are all nodes that the fault does not name otherwise.
	Others Role = "others"
	// Victims are the nodes that still suffer from what this fault undoes: Restart(Victims) boots whatever was crashed.
	Victims Role = "victims"
	// Clients is the machine that the workload runs on. No fault strikes it unless it is named.
	Clients Role = "clients"
)

// Prefixes of the roles that carry an argument.
const (
	nodePrefix        = "node:"
	responsiblePrefix = "responsible-for:"
)

// Node is one given node, counted from 1.
func Node(number int) Role { return Role(nodePrefix + strconv.Itoa(number)) }

// ResponsibleFor is the node that answers for an ephemeral instance while all nodes are up: the one that Nacos's hash of its tag
// picks. That is the instance's "ip:port", or in the profile nacos1 the "group@@name" of its service (see Scenario.As).
func ResponsibleFor(tag string) Role { return Role(responsiblePrefix + tag) }

// validate says whether a role can be resolved in a cluster of so many nodes.
func (r Role) validate(nodes int) error {
	switch r {
	case Leader, Follower, Any, Others, Victims, Clients:
		return nil
	}
	if text, ok := strings.CutPrefix(string(r), nodePrefix); ok {
		number, err := strconv.Atoi(text)
		if err != nil || number < 1 || number > nodes {
			return fmt.Errorf("role %q: want a node from 1 to %d", r, nodes)
		}
		return nil
	}
	if address, ok := strings.CutPrefix(string(r), responsiblePrefix); ok && address != "" {
		return nil
	}
	return fmt.Errorf("role %q: want %s, %s, %s, %s, %s, %s, node:N or responsible-for:ip:port",
		r, Leader, Follower, Any, Others, Victims, Clients)
}
