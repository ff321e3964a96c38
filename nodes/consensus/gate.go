package consensus

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
)

// gate decides which requests reach raft, which believes whatever comes in at its port: an entry that it cannot decode makes it
// panic, once in the log at each restart too. Members come and go, so that the gate goes by what this node knows of them now: its own
// list, and raft's newest configuration, which names those that joined or left by another node's list.
type gate struct {
	// self is which of the members this node is, address says where members' raft messages go.
	self    raft.ServerID
	address func(member string) (string, error)
	// configured is raft's newest configuration; nil before raft runs.
	configured atomic.Pointer[func() []raft.Server]
	// identity is the secret by which members know each other; "": they have none.
	identity string
	// strangers is how many connections have not proved it yet.
	strangers atomic.Int64
	// refused counts the connections and messages that were turned away for good.
	refused atomic.Uint64
	// open is false as long as this node must not take part: before raft runs, and see Node.arrive.
	open atomic.Bool

	mu sync.RWMutex
	// listed are the members that this node's list names.
	listed []string
	// said is when a refusal was logged last.
	said time.Time
}

// refusalsEvery is how often a refusal is logged at most: who floods the port shall not flood the log.
const refusalsEvery = time.Second

// refuse counts what is turned away, and logs it, if the last such line is not too new.
func (g *gate) refuse(logger hclog.Logger, what string, details ...any) {
	count := g.refused.Add(1)
	g.mu.Lock()
	silent := time.Since(g.said) < refusalsEvery
	if !silent {
		g.said = time.Now()
	}
	g.mu.Unlock()
	if !silent {
		logger.Error(what, append(details, "so_far", count)...)
	}
}

func newGate(self string, listed []string, address func(string) (string, error)) *gate {
	return &gate{self: raft.ServerID(self), address: address, listed: slices.Clone(listed)}
}

// list puts a new list of members in place of the old one.
func (g *gate) list(listed []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.listed = slices.Clone(listed)
}

// lists tells whether a member is on this node's list.
func (g *gate) lists(member raft.ServerID) bool {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return slices.Contains(g.listed, string(member))
}

// ServerAddr says where a member's raft messages go (raft.ServerAddressProvider).
func (g *gate) ServerAddr(id raft.ServerID) (raft.ServerAddress, error) {
	at, err := g.address(string(id))
	return raft.ServerAddress(at), err
}

// known are all that may be members, those of the list first.
func (g *gate) known() []raft.ServerID {
	g.mu.RLock()
	defer g.mu.RUnlock()
	var known []raft.ServerID
	for _, member := range g.listed {
		known = append(known, raft.ServerID(member))
	}
	if configured := g.configured.Load(); configured != nil {
		for _, server := range (*configured)() {
			if !slices.Contains(known, server.ID) {
				known = append(known, server.ID)
			}
		}
	}
	return known
}

// mayBeMember tells whether a connection may be a member's by the host that it comes from. Connections from this host may always be:
// they can come from a member beside this one, or through a proxy. So may all where a member has a name, for what it resolves to may
// change.
func (g *gate) mayBeMember(from net.Addr) bool {
	tcp, ok := from.(*net.TCPAddr)
	if !ok {
		return true
	}
	host := tcp.AddrPort().Addr().Unmap().WithZone("")
	if !host.IsValid() || host.IsLoopback() {
		return true
	}
	for _, member := range g.known() {
		text, err := g.address(string(member))
		if err != nil {
			continue
		}
		at, err := netip.ParseAddrPort(text)
		if err != nil || at.Addr().Unmap() == host {
			return true
		}
	}
	return false
}

// check says why raft must not see a request; nil if it may.
func (g *gate) check(command any) error {
	if !g.open.Load() {
		return errNotYet
	}
	request, ok := command.(raft.WithRPCHeader)
	if !ok {
		return fmt.Errorf("a request of type %T, want one of raft's", command)
	}
	sender := raft.ServerID(request.GetRPCHeader().ID)
	if sender == g.self || !g.lists(sender) && !slices.Contains(g.known(), sender) {
		return fmt.Errorf("the sender calls itself %q; want another member of %v", sender, g.known())
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

func (g *gate) checkEntries(request *raft.AppendEntriesRequest) error {
	for i, entry := range request.Entries {
		want := request.PrevLogEntry + 1 + uint64(i)
		if entry.Index != want {
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

// checkConfiguration wants members that can be reached, at least one with a vote. Which ones is the leader's business: a log tells of
// members that have long gone, too.
func (g *gate) checkConfiguration(encoded []byte) (err error) {
	defer func() {
		if problem := recover(); problem != nil { // raft's way to say that it cannot decode
			err = fmt.Errorf("a configuration of %d bytes: %v", len(encoded), problem)
		}
	}()
	voters := 0
	for _, server := range raft.DecodeConfiguration(bytes.Clone(encoded)).Servers {
		if at, err := g.address(string(server.ID)); err != nil || at == "" {
			return fmt.Errorf("a configuration with the member %q; want ip:port", server.ID)
		}
		if server.Suffrage == raft.Voter {
			voters++
		}
	}
	if voters == 0 {
		return errors.New("a configuration without voters")
	}
	return nil
}

// errNotYet is for messages to a node that must not take part yet.
var errNotYet = errors.New("this node has not found its place in the cluster yet")
