package scenarios

import (
	"maps"
	"slices"

	"muster/model/run"
)

// What a machine is, in run.json.
const (
	roleNode     = "node"
	roleWorkload = "workload"
)

// cast knows who plays which role at the moment: what the nodes have logged of themselves, and what strikes have done to them.
type cast struct {
	seeding   seeding
	nodes     []string
	workloads []string
	// names of nodes by their present address, as nodes speak of each other.
	names map[string]string
	// leader is the node that leads in the highest term heard of, "" if that term has none.
	leader string
	term   float64
	// suffering are the strikes in force, oldest first.
	suffering []Strike
}

func newCast(nodes []string, seeding seeding) *cast {
	return &cast{seeding: seeding, nodes: slices.Clone(nodes), names: map[string]string{}}
}

// clone returns a cast of the same past, whose choices come from elsewhere.
func (c *cast) clone(seeding seeding) *cast {
	other := *c
	other.seeding = seeding
	other.nodes, other.workloads = slices.Clone(c.nodes), slices.Clone(c.workloads)
	other.names, other.suffering = maps.Clone(c.names), slices.Clone(c.suffering)
	return &other
}

// machines tells who is who.
func (c *cast) machines(machines []run.Machine) {
	for _, machine := range machines {
		switch machine.Role {
		case roleNode:
			c.names[machine.Address] = machine.Name
		case roleWorkload:
			c.workloads = append(c.workloads, machine.Name)
		}
	}
}

// members are the nodes of the cluster now: those that it began with, those that were added since, and not those that were removed.
func (c *cast) members() []string {
	members := c.nodes
	for _, strike := range c.suffering {
		switch strike.Kind {
		case run.KindAddNode:
			members = appendNew(slices.Clone(members), strike.Machines...)
		case run.KindRemoveNode:
			members = without(members, strike.Machines)
		case run.KindReplaceNode:
			members = append(without(members, strike.Sides[0]), strike.Sides[1]...)
		}
	}
	return members
}

// logged takes in what a node said of itself. A later term outranks an earlier one: a leader that was cut off goes on saying
// that it leads, long after the others have elected another.
func (c *cast) logged(event run.NodeEvent) {
	if event.Name == run.EventNodeStart {
		c.moved(event.Machine, event.Text("node"))
	}
	term := event.Number("term")
	if term < c.term {
		return
	}
	switch event.Name {
	case run.EventRaftState:
		switch {
		case event.Text("state") == "leader":
			c.leader, c.term = event.Machine, term
		case c.leader == event.Machine:
			c.leader, c.term = "", term
		}
	case run.EventRaftLeader:
		if leader, known := c.names[event.Text("leader")]; known {
			c.leader, c.term = leader, term
		}
	}
}

// moved takes in under which address a node runs, as it says itself.
func (c *cast) moved(node, address string) {
	if address == "" || c.names[address] == node {
		return
	}
	maps.DeleteFunc(c.names, func(_, name string) bool { return name == node })
	c.names[address] = node
}

// down says whether a node does not run now, because it was crashed, killed or paused.
func (c *cast) down(node string) bool {
	for _, strike := range c.suffering {
		switch strike.Kind {
		case run.KindCrash, run.KindTornCrash, run.KindKill, run.KindTerminate, run.KindPause:
			if slices.Contains(strike.Machines, node) {
				return true
			}
		}
	}
	return false
}

// fell takes in that a node's program ended by itself, and says whether that is no wonder: nodes end rather than go on with a disk that
// lost or garbled what they wrote. It counts as killed by its disk from then on, so that a restart has it for a victim.
func (c *cast) fell(node string) bool {
	for _, strike := range c.suffering {
		switch strike.Kind {
		case run.KindDiskErrors, run.KindFullDisk, run.KindBitRot:
			if slices.Contains(strike.Machines, node) {
				c.suffering = append(c.suffering, Strike{Kind: run.KindKill, Machines: []string{node}})
				return true
			}
		}
	}
	return false
}

// mayEnd says whether a node's program was asked to end, for a while or for good.
func (c *cast) mayEnd(node string) bool {
	return !slices.Contains(c.workloads, node) && !slices.Contains(c.members(), node) || slices.ContainsFunc(c.suffering, func(s Strike) bool {
		return s.Kind == run.KindTerminate && slices.Contains(s.Machines, node)
	})
}

// struck takes in what was done to the machines.
func (c *cast) struck(strike Strike) {
	// Rot and changes of the cluster are over once they have struck, but what is rotten, or a member, stays so.
	if strike.Kind.Lasts() || strike.Kind == run.KindBitRot || strike.Kind.Family() == run.MembershipFamily {
		c.suffering = append(c.suffering, strike)
	}
	undoes := strike.Kind.Undoes()
	for i, s := range c.suffering {
		if slices.Contains(undoes, s.Kind) {
			c.suffering[i].Machines = without(s.Machines, strike.Machines)
		}
	}
	c.suffering = slices.DeleteFunc(c.suffering, func(s Strike) bool {
		return slices.Contains(strike.Undone, s.Number) || s.Number == 0 && len(s.Machines) == 0
	})
}
