package consensus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"

	"muster/nodes/defect"
	"muster/nodes/rpc"
	"muster/nodes/storage"
)

// Caller sends a request to a peer: an *rpc.Pool.
type Caller interface {
	Call(ctx context.Context, to string, request any, response rpc.Response) error
}

// Config of a Node. Zero times and counts mean the defaults.
type Config struct {
	// Self is this node's address, "ip:port" of its HTTP API, by which members are named.
	Self string
	// Members are the members that this node's list names, itself among them; see SetMembers. Members that have never run before
	// begin a cluster when all of this list are there; from then on a majority will do. Empty: this node alone.
	Members []string
	// ResetMembers has Members replace those that the data folder names, whatever the others think of it. It is the way back when a
	// majority has lost its addresses, and safe only while no member runs without it.
	ResetMembers bool
	// DataFolder holds raft's log, stable values and snapshots; no other process may use it.
	DataFolder string
	// Machine is the state machine.
	Machine StateMachine
	// Listener is where peers' raft messages come in. Open takes it over: it is closed with the node, and if Open fails.
	Listener net.Listener
	// RaftAddress says where a member's raft messages go. Nil: to its port - 1000, as in Nacos.
	RaftAddress func(member string) (string, error)
	// Identity is a secret that members prove to know when they connect to each other's raft port, and want proved by whoever connects to
	// theirs. It does not go over the network. "": every host that may be a member's may connect.
	Identity string
	// Peers carries what members ask each other of membership, and operators' commands.
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
	// MessageTimeout is after how long a connection without an answer is given up: 2 s. It bounds how long a healed cut lasts on.
	MessageTimeout time.Duration
	// SnapshotEvery is how many entries after a snapshot the next one is taken: 2048. Half as many stay in the log.
	SnapshotEvery uint64
	// SnapshotCheck is how often that is looked after (and up to twice as seldom): 30 s.
	SnapshotCheck time.Duration
}

const (
	// idleConnections are kept to each peer.
	idleConnections = 2
	// endTimeout is how long raft may take to end once its connections are closed. It has nothing to wait for then but the disk, which on a
	// busy machine may take seconds.
	endTimeout = 15 * time.Second
)

// Node is one member's part in the agreement. It is safe for concurrent use.
type Node struct {
	config    Config
	raft      *raft.Raft
	store     *storage.Store
	transport *transport
	machine   *machine
	gate      *gate
	route     route
	// waits says what this node waits for, which has not found its place yet; nil: it has found it.
	waits atomic.Pointer[string]

	mu sync.Mutex
	// wanted are the members of the newest list.
	wanted []string
	// poke wakes the loop that has raft's members follow the list.
	poke chan struct{}
	// stop ends the loops.
	stop  context.CancelFunc
	loops sync.WaitGroup
}

// Open opens the data folder and begins to take part. A member whose folder is empty takes part when it has found out whether the
// others began without it (see arrive).
func Open(config Config) (*Node, error) {
	config.Timeout = cmp.Or(config.Timeout, 5*time.Second)
	config.ElectionTimeout = cmp.Or(config.ElectionTimeout, time.Second)
	if defect.On(PatientElections) {
		config.ElectionTimeout = patientElectionTimeout
	}
	config.CommitInterval = cmp.Or(config.CommitInterval, 100*time.Millisecond)
	config.MessageTimeout = cmp.Or(config.MessageTimeout, 2*time.Second)
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
	gate := newGate(config.Self, config.Members, config.RaftAddress)
	gate.identity = config.Identity
	n := &Node{
		config:    config,
		store:     store,
		transport: newTransport(config.Listener, self, gate, config.MessageTimeout, logger),
		machine:   &machine{inner: config.Machine},
		gate:      gate,
		wanted:    slices.Clone(config.Members),
		poke:      make(chan struct{}, 1),
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

	empty, mayBegin, err := n.emptyFolder()
	if err != nil {
		return err
	}
	if !empty {
		if err := n.checkMembers(settings, servers); err != nil {
			return err
		}
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
	configured := n.configured
	n.gate.configured.Store(&configured)
	leading := n.leading
	n.transport.leading.Store(&leading)
	answers := n.answer
	n.transport.answers.Store(&answers)
	n.watch()
	ctx, cancel := context.WithCancel(context.Background())
	n.stop = cancel
	switch {
	case !empty:
		n.gate.open.Store(true)
	case mayBegin && len(servers) == 1:
		if err := n.begin(servers); err != nil {
			return errors.Join(err, n.raft.Shutdown().Error())
		}
	default:
		n.loops.Go(func() { n.arrive(ctx, servers, mayBegin) })
	}
	if voters := n.voters(); len(voters) == 1 && string(voters[0]) == n.config.Self {
		n.standAtOnce(ctx)
	}
	n.loops.Go(func() { n.follow(ctx) })
	if defect.On(ForwardToFormerLeader) {
		n.loops.Go(func() { n.route.follow(ctx, n.leader) })
	}
	return nil
}

// standAtOnce has raft here stand for election as if a leader had handed over to it: a node that is alone need not wait whether another
// leads.
func (n *Node) standAtOnce(ctx context.Context) {
	n.transport.Inject(ctx, &raft.TimeoutNowRequest{RPCHeader: raft.RPCHeader{ProtocolVersion: raft.ProtocolVersionMax, ID: []byte(n.config.Self)}})
}

// emptyFolder tells whether the folder holds nothing of raft's, and whether it never did. Raft stores the term 1 before the first entry,
// so that a folder with nothing but this term is where power failed in between; elections begin with term 2, so nobody voted yet.
func (n *Node) emptyFolder() (empty, never bool, err error) {
	last, err := n.store.Log.LastIndex()
	if err != nil {
		return false, false, err
	}
	snapshots, err := n.store.Snapshots.List()
	if err != nil {
		return false, false, err
	}
	if last > 0 || len(snapshots) > 0 {
		return false, false, nil
	}
	termKey := []byte("CurrentTerm") // raft's name for it
	term, err := n.store.Stable.GetUint64(termKey)
	if err != nil {
		term = 0 // none was stored; the file itself was read when it was opened
	}
	if term == 1 { // or raft takes the folder for begun
		return true, true, n.store.Stable.SetUint64(termKey, 0)
	}
	return true, term == 0, nil
}

// begin stores the members as the first entry of a log that all of them begin with.
func (n *Node) begin(servers []raft.Server) error {
	if err := n.raft.BootstrapCluster(raft.Configuration{Servers: servers}).Error(); err != nil {
		return fmt.Errorf("begin a cluster of %v in %s: %w", n.config.Members, n.config.DataFolder, err)
	}
	n.gate.open.Store(true)
	return nil
}

// checkMembers compares the members that the data folder names with the list, before raft runs. The two may differ, since lists change;
// but where they have nothing in common, either the folder is another cluster's or all addresses have changed.
func (n *Node) checkMembers(settings *raft.Config, want []raft.Server) error {
	looking := *settings // for it is marked as no raft that runs
	looking.NoSnapshotRestoreOnStart = true
	configuration, err := raft.GetConfiguration(&looking, n.machine, n.store.Log, n.store.Stable, n.store.Snapshots, n.transport)
	if err != nil {
		return fmt.Errorf("read raft's members from %s: %w", n.config.DataFolder, err)
	}
	var have []string
	for _, server := range configuration.Servers {
		have = append(have, string(server.ID))
	}
	reset := n.config.ResetMembers
	if !slices.ContainsFunc(have, func(id string) bool { return slices.Contains(n.config.Members, id) }) && !reset {
		if len(have) != 1 || len(want) != 1 {
			return fmt.Errorf("the data folder %s belongs to a cluster of %v, not of %v; if these are the same nodes at new addresses, stop all "+
				"of them and start each once with --reset-members; else want the folder of one of these members, or an empty one to join them",
				n.config.DataFolder, have, n.config.Members)
		}
		reset = true // a node that was alone has a new address, and nobody else can know better
	}
	if !reset {
		return nil
	}
	n.config.Logger.Warn("the list of members replaces that of the data folder", "had", have, "have", n.config.Members)
	err = raft.RecoverCluster(settings, n.machine, n.store.Log, n.store.Stable, n.store.Snapshots, n.transport, raft.Configuration{Servers: want})
	if err != nil {
		return fmt.Errorf("put the members %v in place of %v in %s: %w", n.config.Members, have, n.config.DataFolder, err)
	}
	return nil
}

// Close hands leadership over, if this node leads and the context leaves it the time, stops taking part and closes the data folder. If raft
// does not end, which it should within moments, the folder stays locked, and that is an error.
func (n *Node) Close(ctx context.Context) error {
	n.stop()
	n.loops.Wait()
	if n.raft.State() == raft.Leader && len(n.voters()) > 1 {
		if err := await(ctx, n.raft.LeadershipTransfer()); err != nil {
			n.config.Logger.Warn("leadership was not handed over", "error", err.Error())
		}
	}
	ending := n.raft.Shutdown()
	n.transport.hangUp() // or raft would wait for the answers to its messages
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	if err := await(limited, ending); err != nil {
		return errors.Join(fmt.Errorf("raft has not ended, so that %s stays locked: %w", n.config.DataFolder, err), n.transport.Close())
	}
	return n.store.Close()
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
	// Refused counts what this node has turned away at its raft port: connections of strangers, and messages that no member sends.
	Refused uint64
}

// Status returns a snapshot that may be out of date at once.
func (n *Node) Status() Status {
	leader := n.leader()
	var members []string
	for _, voter := range n.voters() {
		members = append(members, string(voter))
	}
	slices.Sort(members)
	return Status{
		Leader:    string(leader),
		Term:      n.raft.CurrentTerm(),
		State:     stateName(n.raft.State()),
		Members:   members,
		Committed: n.raft.CommitIndex(),
		Applied:   n.machine.index(),
		Refused:   n.gate.refused.Load(),
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
