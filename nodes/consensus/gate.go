package consensus

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/hashicorp/raft"
)

// gate decides which requests reach raft, which believes whatever comes in at its port: an entry that it cannot decode makes it
// panic, once in the log at each restart too. The members are known and never change, so that anything else is no member's.
type gate struct {
	// servers are all members, sorted by ID, self is which of them this node is.
	servers []raft.Server
	self    raft.ServerID
	// hosts are the members' addresses; nil if some are names, for what they resolve to may change.
	hosts []netip.Addr
}

func newGate(self string, servers []raft.Server) gate {
	g := gate{servers: servers, self: raft.ServerID(self)}
	for _, server := range servers {
		at, err := netip.ParseAddrPort(string(server.Address))
		if err != nil {
			return gate{servers: g.servers, self: g.self}
		}
		g.hosts = append(g.hosts, at.Addr().Unmap())
	}
	return g
}

// mayBeMember tells whether a connection may be a member's by the host that it comes from. Connections from this host may always be:
// they can come from a member beside this one, or through a proxy.
func (g gate) mayBeMember(from net.Addr) bool {
	tcp, ok := from.(*net.TCPAddr)
	if !ok || g.hosts == nil {
		return true
	}
	host := tcp.AddrPort().Addr().Unmap().WithZone("")
	return !host.IsValid() || host.IsLoopback() || slices.Contains(g.hosts, host)
}

// check says why raft must not see a request; nil if it may.
func (g gate) check(command any) error {
	request, ok := command.(raft.WithRPCHeader)
	if !ok {
		return fmt.Errorf("a request of type %T, want one of raft's", command)
	}
	sender := raft.ServerID(request.GetRPCHeader().ID)
	if sender == g.self || !slices.ContainsFunc(g.servers, func(member raft.Server) bool { return member.ID == sender }) {
		return fmt.Errorf("the sender calls itself %q; want another member of %v", sender, g.servers)
	}
	switch request := command.(type) {
	case *raft.AppendEntriesRequest:
		return g.checkEntries(request)
	case *raft.InstallSnapshotRequest:
		if request.SnapshotVersion != raft.SnapshotVersionMax {
			return fmt.Errorf("a snapshot of version %d, want %d", request.SnapshotVersion, raft.SnapshotVersionMax)
		}
		if err := g.checkConfiguration(request.Configuration); err != nil {
			return fmt.Errorf("a snapshot up to entry %d: %w", request.LastLogIndex, err)
		}
	}
	return nil
}

func (g gate) checkEntries(request *raft.AppendEntriesRequest) error {
	for i, entry := range request.Entries {
		want := request.PrevLogEntry + 1 + uint64(i)
		if entry == nil || entry.Index != want {
			return fmt.Errorf("the entries do not follow on each other behind entry %d; want entry %d at place %d", request.PrevLogEntry, want, i)
		}
		switch entry.Type {
		case raft.LogCommand, raft.LogNoop, raft.LogBarrier:
		case raft.LogConfiguration:
			if err := g.checkConfiguration(entry.Data); err != nil {
				return fmt.Errorf("entry %d: %w", entry.Index, err)
			}
		default:
			return fmt.Errorf("entry %d is of type %d; want a command, a no-op, a barrier or a configuration", entry.Index, entry.Type)
		}
	}
	return nil
}

// checkConfiguration wants the same members as this node's. Their addresses are each node's own view.
func (g gate) checkConfiguration(encoded []byte) (err error) {
	defer func() {
		if problem := recover(); problem != nil { // raft's way to say that it cannot decode
			err = fmt.Errorf("a configuration of %d bytes: %v", len(encoded), problem)
		}
	}()
	members := raft.DecodeConfiguration(bytes.Clone(encoded)).Servers
	if !slices.EqualFunc(members, g.servers, func(a, b raft.Server) bool { return a.ID == b.ID && a.Suffrage == b.Suffrage }) {
		return fmt.Errorf("a configuration with the members %v, want %v", members, g.servers)
	}
	return nil
}
