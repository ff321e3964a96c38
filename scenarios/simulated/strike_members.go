package simulated

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"muster/model/run"
	"muster/sim"
	"muster/sim/disk"
	"muster/sim/machine"
)

// membersFile is where nodes whose members change find them listed.
const membersFile = "/members"

// changesMembers says whether some of these faults change who is a member, or under which address.
func changesMembers(faults []run.Kind) bool {
	return slices.ContainsFunc(faults, func(kind run.Kind) bool {
		return kind.Family() == run.MembershipFamily || kind == run.KindMove
	})
}

// list writes who is a member on every node's disk, and has those that run look at it.
func (s *Stage) list(members []string) error {
	s.members = members
	text := strings.Join(members, "\n") + "\n"
	for _, m := range s.machines {
		if m.Name() == workloadName {
			continue
		}
		if err := m.Disk().WriteFile(membersFile, []byte(text), m.Clock().Wall().UnixNano()); err != disk.OK {
			return fmt.Errorf("writing %s on the disk of %s: error %d", membersFile, m.Name(), err)
		}
		if m.Status() != sim.Running || s.world.Now() == 0 {
			continue // it reads the file when it starts
		}
		if err := m.Signal(machine.Hangup); err != nil {
			return err
		}
	}
	return nil
}

// strikeMembers adds, removes or replaces nodes.
func (s *Stage) strikeMembers(now *struck) error {
	strike := now.strike
	comes, goes := strike.Machines, []string(nil)
	switch strike.Kind {
	case run.KindAddNode:
	case run.KindRemoveNode:
		comes, goes = nil, strike.Machines
	case run.KindReplaceNode:
		goes, comes = strike.Sides[0], strike.Sides[1]
	default:
		return unknown(strike)
	}
	members := slices.Clone(s.members)
	for _, name := range goes {
		members = slices.DeleteFunc(members, func(member string) bool { return member == addressOf(s.world.Machine(name)) })
	}
	for _, name := range comes {
		members = append(members, addressOf(s.world.Machine(name)))
	}
	if err := s.list(members); err != nil {
		return err
	}
	now.hits = len(members)
	for _, name := range goes {
		if m := s.world.Machine(name); m.Status() == sim.Running {
			if err := m.Terminate(); err != nil {
				return err
			}
		}
	}
	for _, name := range comes {
		if err := s.world.Machine(name).Restart(); err != nil {
			return err
		}
	}
	return nil
}

// move boots a machine with another address, and has all nodes know it.
func (s *Stage) move(m *sim.Machine) error {
	before := addressOf(m)
	// Addresses that no machine has been given at boot. One that moved and is no member any more keeps its own all the same.
	moved := netip.AddrFrom4([4]byte{10, 0, 200, byte(len(s.members) + m.BootNumber())})
	for slices.ContainsFunc(s.machines, func(other *sim.Machine) bool { return other.Address() == moved }) {
		moved = moved.Next()
	}
	arguments := m.Arguments()
	for i, argument := range arguments {
		if argument == before {
			arguments[i] = nodeAddress(moved)
		}
	}
	members := slices.Clone(s.members)
	for i, member := range members {
		if member == before {
			members[i] = nodeAddress(moved)
		}
	}
	if err := s.list(members); err != nil {
		return err
	}
	return m.RestartAt(moved, arguments...)
}

func addressOf(m *sim.Machine) string { return nodeAddress(m.Address()) }

func nodeAddress(address netip.Addr) string { return netip.AddrPortFrom(address, nodePort).String() }
