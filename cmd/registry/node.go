package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"muster/nodes/auth"
	"muster/nodes/consensus"
	"muster/nodes/defect"
	"muster/nodes/distro"
	"muster/nodes/intake"
	"muster/nodes/liveness"
	"muster/nodes/loader"
	"muster/nodes/membership"
	"muster/nodes/openapi"
	"muster/nodes/probe"
	"muster/nodes/push"
	"muster/nodes/registry"
	"muster/nodes/rpc"
	"muster/nodes/sdk"
)

// node is the running parts.
type node struct {
	state      *registry.Registry
	accounts   *auth.Editor
	membership *membership.Membership
	consensus  *consensus.Node
	api        *openapi.Server
	// rpc answers members; api answers clients that speak HTTP, sdk those that speak gRPC.
	rpc   *rpc.Server
	sdk   *rpc.SDK
	peers *rpc.Pool
	// raftPeers are peers too, unless the node is broken on purpose.
	raftPeers *rpc.Pool
	// datagrams tells subscribers over UDP.
	datagrams *push.Datagrams
	// pusher tells those that have connections, prober looks after persistent instances.
	pusher *push.Pusher
	prober *probe.Prober
	// crowded counts connections that were one too many from their address.
	crowded *atomic.Uint64

	started time.Time
	// seeded is closed when the node knows the cluster's accounts.
	seeded chan struct{}
	// broken gets the error of the first part that stops by itself.
	broken chan error
	cancel context.CancelFunc
	loops  sync.WaitGroup
}

// membersFileEvery is how often the file with the members is read again.
const membersFileEvery = 3 * time.Second

// start makes the parts, each from those before it, and sets them going. Clients' requests are answered last, when everything
// behind them works and the node knows what its peers know: until then they are refused, so that clients go to another node at once
// instead of being shown an empty registry.
func start(ctx context.Context, s settings, log *slog.Logger) (*node, error) {
	crowded := new(atomic.Uint64)
	listeners, err := listen(s.address, s.limits, crowded)
	if err != nil {
		return nil, err
	}
	n := &node{started: time.Now(), crowded: crowded, broken: make(chan error, 1), peers: rpc.NewPool(rpc.ClusterAddress), rpc: rpc.NewServer(log)}
	n.raftPeers = n.peers
	if defect.On(consensus.KeepBrokenConnections) {
		n.raftPeers, n.rpc = rpc.NewStubbornPool(rpc.ClusterAddress), rpc.NewStubbornServer(log)
	}
	replication, err := n.wire(s, log, listeners)
	if err != nil {
		return nil, errors.Join(err, listeners.close(), n.peers.Close(), n.raftPeers.Close())
	}
	catchUp(ctx, sources{
		barrier: n.agreed, led: func() bool { return n.consensus.Status().Leader != "" },
		loaded: replication.Loaded(), loading: replication.Loading,
	}, log)
	type door struct {
		offset int
		serve  func(net.Listener) error
	}
	doors := []door{{0, n.api.Serve}}
	if s.profile != registry.Nacos1 {
		doors = append(doors, door{rpc.SDKOffset, n.sdk.Serve})
	}
	for _, clients := range doors {
		listener, err := listenAt(s.address, clients.offset, s.limits, crowded)
		if err != nil {
			ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
			defer cancel()
			return nil, errors.Join(fmt.Errorf("listen for clients: %w", err), n.stop(ctx))
		}
		n.loop(func() error { return clients.serve(listener) })
	}
	return n, nil
}

// wire makes the parts and sets all going but the one that answers clients.
func (n *node) wire(s settings, log *slog.Logger, listeners listeners) (replication *distro.Distro, err error) {
	guard, seed, err := n.authenticate(s.accounts, log)
	if err != nil {
		return nil, err
	}
	if n.membership, err = membership.New(s.membership(membership.Config{Self: s.address, Members: s.members, Peers: n.peers, Logger: log})); err != nil {
		return nil, err
	}
	n.state = registry.New(registry.Options{Profile: s.profile, Self: s.address, Owner: n.membership.Owner, QuietPersistent: !s.subscribePersistent,
		Limits: registry.Limits{Bytes: s.dataMiB << 20}})
	n.consensus, err = consensus.Open(consensus.Config{
		Self: s.address, Members: s.members, ResetMembers: s.resetMembers, DataFolder: s.data,
		Machine:  machine{n.state, n.accounts.Directory},
		Listener: listeners.raft, Identity: identityOf(guard), Peers: n.raftPeers, Logger: log,
		Refusals: []error{registry.ErrServiceExists, registry.ErrServiceNotEmpty, registry.ErrNamespaceExists},
	})
	if err != nil {
		return nil, err
	}
	n.membership.OnChange(n.consensus.SetMembers)
	n.prober = probe.New(probe.Options{Registry: n.state, Propose: n.propose, Log: log})
	living := liveness.New(s.liveness(liveness.Options{Registry: n.state, Log: log, Propose: n.propose, Leads: n.leads}))
	host, _, err := net.SplitHostPort(s.address)
	if err != nil {
		return nil, fmt.Errorf("this node's address %q: %w", s.address, err)
	}
	n.sdk = sdk.New(sdk.Options{Registry: n.state, Log: log, IP: host, Propose: n.propose, Barrier: n.consensus.ReadBarrier, Auth: guard,
		Most: s.sdkMost, MostPerIP: s.sdkMostPerIP})
	connections := loader.New(loader.Options{Self: s.address, SDK: n.sdk, Peers: n.peers, Members: n.addresses, Log: log})
	n.api = openapi.New(openapi.Options{
		Self: s.address, Profile: s.profile, Registry: n.state, Liveness: living, Log: log, Owner: n.membership.Owner, Members: n.members, Raft: n.raft,
		Propose: n.propose, Barrier: n.consensus.ReadBarrier, Operate: n.consensus.Operate, RaftOperations: consensus.Operations,
		Pushes: n.pushes, Loader: connections, Auth: guard, Accounts: n.accounts, Metrics: s.metrics, Counters: n.counters,
	})
	n.pusher = push.New(n.state, n.sdk)
	n.datagrams = push.NewDatagrams(n.state, listeners.pushes, s.pushes(n.state), log)
	replication = distro.New(s.distro(distro.Config{Registry: n.state, Membership: n.membership, Peers: n.peers, Logger: log}))
	n.membership.Handle(n.rpc)
	n.consensus.Handle(n.rpc)
	replication.Handle(n.rpc)
	connections.Handle(n.rpc)

	ctx, cancel := context.WithCancel(context.Background())
	n.cancel = cancel
	n.loop(func() error { return n.rpc.Serve(listeners.cluster) })
	n.loop(func() error { n.datagrams.Serve(); return nil })
	n.loop(func() error { n.membership.Run(ctx); return nil })
	if s.membersFile != "" {
		n.loop(func() error { n.followMembers(ctx, s.membersFile); return nil })
	}
	n.loop(func() error { replication.Run(ctx); return nil })
	n.loop(func() error { living.Run(ctx); return nil })
	n.loop(func() error { seed(ctx); return nil })
	if s.healthChecks {
		n.loop(func() error { n.prober.Run(ctx); return nil })
	}
	return replication, nil
}

// followMembers has the file with the members read again until the context ends.
func (n *node) followMembers(ctx context.Context, path string) {
	now := make(chan os.Signal, 1)
	signal.Notify(now, syscall.SIGHUP)
	defer signal.Stop(now)
	n.membership.Follow(ctx, path, membersFileEvery, now)
}

// loop runs a part until it ends by itself or by stop.
func (n *node) loop(part func() error) {
	n.loops.Go(func() {
		if err := part(); err != nil {
			select {
			case n.broken <- err:
			default: // the first error ends the node; the others follow from it
			}
		}
	})
}

// stop ends the parts in the order in which requests pass through them.
func (n *node) stop(ctx context.Context) error {
	var errs []error
	if err := n.api.Shutdown(ctx); err != nil {
		errs = append(errs, fmt.Errorf("stop answering HTTP: %w", err))
	}
	n.cancel()
	if err := n.consensus.Close(ctx); err != nil {
		errs = append(errs, fmt.Errorf("stop Raft: %w", err))
	}
	n.sdk.Stop(ctx)
	n.rpc.Stop(ctx)
	if err := n.datagrams.Close(); err != nil {
		errs = append(errs, fmt.Errorf("close the socket of pushes: %w", err))
	}
	if err := errors.Join(n.peers.Close(), n.raftPeers.Close()); err != nil {
		errs = append(errs, fmt.Errorf("close the connections to peers: %w", err))
	}
	n.loops.Wait()
	return errors.Join(errs...)
}

// propose brings a command to the Raft group. A refusal is an error like any other.
func (n *node) propose(ctx context.Context, command registry.Command) error {
	text, err := command.Encode()
	if err != nil {
		return err
	}
	if err := n.state.Admit(command, text); err != nil {
		return err
	}
	answer, err := n.consensus.Apply(ctx, text)
	if refusal, refused := answer.(error); err == nil && refused {
		return refusal
	}
	return err
}

func (n *node) pushes(reset bool) push.State { return n.datagrams.State(reset) }

// counters are what the parts have counted, for metrics.
func (n *node) counters() openapi.Counters {
	return openapi.Counters{
		Pushes: n.pusher.Tally(), Checks: n.prober.Checks(),
		Refused: map[string]uint64{"raft": n.consensus.Status().Refused, "connection": n.crowded.Load(), "sdk-connection": n.sdk.Refused()},
	}
}

func (n *node) leads() bool { return n.consensus.Status().State == "leader" }

// members are the cluster's members as the API shows them. Nobody reports to itself: this node's last sign of life is its start.
func (n *node) members() []openapi.Member {
	var members []openapi.Member
	for _, m := range n.membership.Members() {
		if m.Refreshed.IsZero() {
			m.Refreshed = n.started
		}
		members = append(members, openapi.Member{Address: m.Address, State: string(m.State), Failures: m.Failures, Refreshed: m.Refreshed})
	}
	return members
}

// addresses are those of the members.
func (n *node) addresses() []string {
	var addresses []string
	for _, m := range n.membership.Members() {
		addresses = append(addresses, m.Address)
	}
	return addresses
}

// raft is the Raft group as the API shows it.
func (n *node) raft() openapi.RaftGroup {
	status := n.consensus.Status()
	group := openapi.RaftGroup{Leader: raftAddress(status.Leader), Term: status.Term}
	for _, member := range status.Members {
		group.Members = append(group.Members, raftAddress(member))
	}
	return group
}

// raftAddress is where a member answers Raft messages; "" for no member.
func raftAddress(member string) string {
	address, err := rpc.Offset(member, rpc.RaftOffset)
	if err != nil {
		return ""
	}
	return address
}

// listeners are the ports that a node's peers use, and the socket that pushes leave by; the ports of clients open last.
type listeners struct {
	cluster, raft net.Listener
	pushes        net.PacketConn
}

// listen opens those ports of a node, or none.
func listen(address string, limits intake.Limits, crowded *atomic.Uint64) (listeners, error) {
	var l listeners
	for _, port := range []struct {
		offset int
		into   *net.Listener
	}{{rpc.ClusterOffset, &l.cluster}, {rpc.RaftOffset, &l.raft}} {
		var err error
		if *port.into, err = listenAt(address, port.offset, limits, crowded); err != nil {
			return l, errors.Join(err, l.close())
		}
	}
	host, _, err := net.SplitHostPort(address)
	if err == nil {
		l.pushes, err = net.ListenPacket("udp", net.JoinHostPort(host, "0"))
	}
	if err != nil {
		return l, errors.Join(fmt.Errorf("open a socket for pushes at %s: %w", address, err), l.close())
	}
	return l, nil
}

// listenAt opens one of the ports of a node, which takes in no more connections than the limits say and counts those that are
// too many from their address.
func listenAt(address string, offset int, limits intake.Limits, crowded *atomic.Uint64) (net.Listener, error) {
	at, err := rpc.Offset(address, offset)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", at)
	if err != nil {
		return nil, fmt.Errorf("listen on %s, one of the ports of %s: %w", at, address, err)
	}
	return intake.Listen(listener, limits, crowded), nil
}

// close closes those that are open still.
func (l listeners) close() error {
	var errs []error
	for _, listener := range []net.Listener{l.cluster, l.raft} {
		if listener == nil {
			continue
		}
		if err := listener.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	if l.pushes != nil {
		if err := l.pushes.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
