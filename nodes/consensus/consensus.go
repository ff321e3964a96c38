package consensus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"time"

	"github.com/hashicorp/raft"

	"muster/nodes/rpc"
	"muster/nodes/storage"
)

// Caller sends a request to a peer: an *rpc.Pool.
type Caller interface {
	Call(ctx context.Context, to string, request, response any) error
}

// Config of a Node. Zero times and counts mean the defaults.
type Config struct {
	// Self is this node's address, "ip:port" of its HTTP API, by which members are named.
	Self string
	// Members are all voters, this node among them. Every member must be started with the same list; it is used when the data
	// folder is empty, and otherwise checked against what the folder says. Empty: this node alone.
	Members []string
	// DataFolder holds raft's log, stable values and snapshots; no other process may use it.
	DataFolder string
	// Machine is the state machine.
	Machine StateMachine
	// Listener is where peers' raft messages come in. Open takes it over: it is closed with the node, and if Open fails.
	Listener net.Listener
	// RaftAddress says where a member's raft messages go. Nil: to its port - 1000, as in Nacos.
	RaftAddress func(member string) (string, error)
	// Peers forwards commands and questions to the leader.
	Peers  Caller
	Logger *slog.Logger
	// Refusals are the state machine's errors that keep their identity (errors.Is) when they come back from another member.
	Refusals []error

	// Timeout of Apply and ReadBarrier, where their context does not end earlier: 5 s (Nacos: 5 s to the leader, 10 s in all).
	Timeout time.Duration
	// ElectionTimeout: a follower that heard nothing for one to two of these stands for election, and a leader that heard nothing
	// from a majority for half of one steps down: 1 s. Heartbeats go out every tenth to fifth of it. (Nacos: 5 s.)
	ElectionTimeout time.Duration
	// CommitInterval: a follower learns that the newest entry is committed after one to two of these, unless another entry brings
	// the news: 100 ms. (Nacos: with the next heartbeat, within 500 ms.)
	CommitInterval time.Duration
	// SnapshotEvery is how many entries after a snapshot the next one is taken: 2048. Half as many stay in the log.
	SnapshotEvery uint64
	// SnapshotCheck is how often that is looked after (and up to twice as seldom): 30 s.
	SnapshotCheck time.Duration
}

// How raft's connections behave.
const (
	// messageTimeout is after how long a connection without an answer is given up. It bounds how long a healed cut lasts on.
	messageTimeout = 2 * time.Second
	// idleConnections are kept to each peer.
	idleConnections = 2
)

// Node is one member's part in the agreement. It is safe for concurrent use.
type Node struct {
	config    Config
	raft      *raft.Raft
	store     *storage.Store
	transport *transport
	machine   *machine
}

// Open opens the data folder and begins to take part. A member whose folder is empty begins with the configured members.
func Open(config Config) (*Node, error) {
	config.Timeout = cmp.Or(config.Timeout, 5*time.Second)
	config.ElectionTimeout = cmp.Or(config.ElectionTimeout, time.Second)
	config.CommitInterval = cmp.Or(config.CommitInterval, 100*time.Millisecond)
	config.SnapshotEvery = cmp.Or(config.SnapshotEvery, 2048)
	config.SnapshotCheck = cmp.Or(config.SnapshotCheck, 30*time.Second)
	if len(config.Members) == 0 {
		config.Members = []string{config.Self}
	}
	if config.RaftAddress == nil {
		config.RaftAddress = func(member string) (string, error) { return rpc.Offset(member, rpc.RaftOffset) }
	}
	n, err := open(config)
	if err != nil {
		return nil, errors.Join(err, closeListener(config.Listener))
	}
	return n, nil
}

func open(config Config) (*Node, error) {
	servers, err := voters(config)
	if err != nil {
		return nil, err
	}
	self, err := config.RaftAddress(config.Self)
	if err != nil {
		return nil, err
	}
	logger := newRaftLogger(config.Logger)
	store, err := storage.Open(config.DataFolder, config.Logger, logger)
	if err != nil {
		return nil, err
	}
	n := &Node{
		config:    config,
		store:     store,
		transport: newTransport(config.Listener, self, newGate(config.Self, servers), logger),
		machine:   &machine{inner: config.Machine},
	}
	if err := n.start(servers, logger); err != nil {
		return nil, errors.Join(err, n.transport.Close(), store.Close())
	}
	return n, nil
}

// closeListener closes one that may be closed already.
func closeListener(listener net.Listener) error {
	if err := listener.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// voters lists the members as raft does, sorted, so that all members begin with the same bytes.
func voters(config Config) ([]raft.Server, error) {
	members := slices.Clone(config.Members)
	slices.Sort(members)
	if !slices.Contains(members, config.Self) {
		return nil, fmt.Errorf("this node, %s, is not among the members %v; want its own address listed too", config.Self, members)
	}
	if len(slices.Compact(slices.Clone(members))) != len(members) {
		return nil, fmt.Errorf("members %v: one is listed twice; want each member once", members)
	}
	var servers []raft.Server
	for _, member := range members {
		address, err := config.RaftAddress(member)
		if err != nil {
			return nil, err
		}
		servers = append(servers, raft.Server{Suffrage: raft.Voter, ID: raft.ServerID(member), Address: raft.ServerAddress(address)})
	}
	return servers, nil
}

func (n *Node) start(servers []raft.Server, logger *raftLogger) error {
	settings := raft.DefaultConfig()
	settings.LocalID = raft.ServerID(n.config.Self)
	settings.HeartbeatTimeout = n.config.ElectionTimeout
	settings.ElectionTimeout = n.config.ElectionTimeout
	settings.LeaderLeaseTimeout = n.config.ElectionTimeout / 2
	settings.CommitTimeout = n.config.CommitInterval
	settings.SnapshotThreshold = n.config.SnapshotEvery
	settings.TrailingLogs = n.config.SnapshotEvery / 2
	settings.SnapshotInterval = n.config.SnapshotCheck
	settings.NoLegacyTelemetry = true
	settings.Logger = logger

	if err := n.begin(settings, servers); err != nil {
		return fmt.Errorf("begin a cluster of %v in %s: %w", n.config.Members, n.config.DataFolder, err)
	}
	const cached = 256 // entries, for followers that are nearly up to date
	log, err := raft.NewLogCache(cached, n.store.Log)
	if err != nil {
		return err
	}
	n.raft, err = raft.NewRaft(settings, n.machine, log, n.store.Stable, n.store.Snapshots, n.transport)
	if err != nil {
		return fmt.Errorf("start raft from %s: %w", n.config.DataFolder, err)
	}
	n.watch()
	return n.checkMembers(servers)
}

// begin stores the members as the first entry, unless this folder has been through that. Raft stores the term 1 before that entry, so
// that one with nothing but this term is where power failed in between; elections begin with term 2, so nobody voted yet.
func (n *Node) begin(settings *raft.Config, servers []raft.Server) error {
	last, err := n.store.Log.LastIndex()
	if err != nil {
		return err
	}
	snapshots, err := n.store.Snapshots.List()
	if err != nil {
		return err
	}
	termKey := []byte("CurrentTerm") // raft's name for it
	term, err := n.store.Stable.GetUint64(termKey)
	if err != nil {
		term = 0 // none was stored; the file itself was read when it was opened
	}
	if last > 0 || len(snapshots) > 0 || term > 1 {
		return nil
	}
	if term == 1 { // or raft takes the folder for begun
		if err := n.store.Stable.SetUint64(termKey, 0); err != nil {
			return err
		}
	}
	return raft.BootstrapCluster(settings, n.store.Log, n.store.Stable, n.store.Snapshots, n.transport, raft.Configuration{Servers: servers})
}

// checkMembers refuses a data folder that belongs to another cluster.
func (n *Node) checkMembers(want []raft.Server) error {
	future := n.raft.GetConfiguration()
	if err := future.Error(); err != nil {
		return fmt.Errorf("read raft's members: %w", err)
	}
	have := future.Configuration().Servers
	if !slices.Equal(have, want) {
		return errors.Join(
			fmt.Errorf("the data folder %s belongs to a cluster of %v, not of %v; want the same members as before, or new folders on all members of a new cluster", n.config.DataFolder, have, want),
			n.raft.Shutdown().Error())
	}
	return nil
}

// Close hands leadership over, if this node leads, stops taking part and closes the data folder. It does what it can until the
// context ends.
func (n *Node) Close(ctx context.Context) error {
	if n.raft.State() == raft.Leader && len(n.config.Members) > 1 {
		if err := await(ctx, n.raft.LeadershipTransfer()); err != nil {
			n.config.Logger.Warn("leadership was not handed over", "error", err.Error())
		}
	}
	return errors.Join(n.raft.Shutdown().Error(), n.store.Close())
}

// Status is what a node tells of its part in the agreement.
type Status struct {
	// Leader is the member that this node believes to lead; "" if it knows none.
	Leader string
	Term   uint64
	// State is "follower", "candidate", "leader" or "shutdown".
	State string
	// Members are all voters, sorted.
	Members []string
	// Committed is the index of the newest entry known to be committed; Applied that of the newest command in the state machine.
	Committed, Applied uint64
}

// Status returns a snapshot that may be out of date at once.
func (n *Node) Status() Status {
	_, leader := n.raft.LeaderWithID()
	members := slices.Clone(n.config.Members)
	slices.Sort(members)
	return Status{
		Leader:    string(leader),
		Term:      n.raft.CurrentTerm(),
		State:     stateName(n.raft.State()),
		Members:   members,
		Committed: n.raft.CommitIndex(),
		Applied:   n.machine.index(),
	}
}

// await waits for a future no longer than the context.
func await(ctx context.Context, future raft.Future) error {
	done := make(chan error, 1)
	go func() { done <- future.Error() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
