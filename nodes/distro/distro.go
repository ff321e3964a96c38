package distro

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"muster/nodes/defect"
	"muster/nodes/membership"
	"muster/nodes/registry"
	"muster/nodes/rpc"
)

// Defects that a node can be run with.
const (
	// SkipSync: the first of the node's peers (by address) is never told anything.
	SkipSync defect.Name = "distro/skipSync"
	// SnapshotOverNative: what a peer knew at the start wins over what clients told this node since (nacos issue 15857).
	SnapshotOverNative defect.Name = "distro/snapshotOverNative"
	// ChangeFromAnyone: a peer's state of a client wins even if this node heard from the client later.
	ChangeFromAnyone defect.Name = "distro/changeFromAnyone"
	// OneQueue: peers are told one after another, and also those that are not UP, so that a dead one holds up all others (Nacos before 2.1.1).
	OneQueue defect.Name = "distro/oneQueue"
	// DeleteFromAnyone: a peer's removal of a client wins even if this node heard from the client later.
	DeleteFromAnyone defect.Name = "distro/deleteFromAnyone"
)

const (
	// batch is how many clients go into one message at most.
	batch = 1000
	// mentions is how many are verified by one message at most.
	mentions = 5_000
	// dropGrace is how long a copy stays that its responsible node does not mention: while members disagree about who is responsible,
	// nobody may mention it.
	dropGrace = 15 * time.Second
)

// What Nacos 1.x does otherwise (naming/misc/GlobalConfig).
const (
	// listBatchDelay is how long it gathers what is to be told to a peer (getTaskDispatchPeriod, halved).
	listBatchDelay = time.Second
	// listRetryDelay is when it tries again (getSyncRetryDelay).
	listRetryDelay = 5 * time.Second
)

// Caller sends a request to a peer: an *rpc.Pool.
type Caller interface {
	Call(ctx context.Context, to string, request any, response rpc.Response) error
}

// Config of a Distro. Zero times mean Nacos's.
type Config struct {
	Registry   *registry.Registry
	Membership *membership.Membership
	Peers      Caller
	Logger     *slog.Logger

	// Lists: compare the lists of services with peers', by checksums, and not clients by revisions, and have a first change that is due
	// wait a second for others to be told with it (Nacos 1.x).
	Lists bool

	// SyncDelay is how long after a first change a client is told: 1 s.
	SyncDelay time.Duration
	// SyncTimeout of one message: 3 s.
	SyncTimeout time.Duration
	// RetryDelay after a message that failed: 3 s, 5 s with Lists.
	RetryDelay time.Duration
	// VerifyEvery is the time between two verifications: 5 s.
	VerifyEvery time.Duration
	// LoadRetry is the longest time between two attempts to load a snapshot: 30 s. The first come sooner, for the peers may
	// be starting too.
	LoadRetry time.Duration
}

// Distro is one node's part in it. Make it with New, register its handler with Handle, start it with Run.
type Distro struct {
	config Config
	loaded chan struct{}
	delays delays

	mu sync.Mutex
	// peers are the targets, sorted by address; they come and go with the members.
	peers []*target
	// start sets a target going; nil before Run.
	start func(*target)
	// tried says that each peer was asked once for what it knows; telling are those that have begun to say it. See Loading.
	tried   bool
	telling map[string]bool
	// paged are the clients that peers are told of, page by page.
	paged map[string][]string

	// parts are of clients that peers tell in parts.
	parts assembly
	// queue has a token while a peer is told, for OneQueue.
	queue chan struct{}
}

// New makes a Distro that listens to the registry's changes.
func New(config Config) *Distro {
	config.SyncDelay = cmp.Or(config.SyncDelay, time.Second)
	config.SyncTimeout = cmp.Or(config.SyncTimeout, 3*time.Second)
	if config.Lists {
		config.RetryDelay = cmp.Or(config.RetryDelay, listRetryDelay)
	}
	config.RetryDelay = cmp.Or(config.RetryDelay, 3*time.Second)
	config.VerifyEvery = cmp.Or(config.VerifyEvery, 5*time.Second)
	config.LoadRetry = cmp.Or(config.LoadRetry, 30*time.Second)
	d := &Distro{config: config, loaded: make(chan struct{}), delays: delays{began: time.Now(), senders: map[string]sender{}},
		telling: map[string]bool{}, paged: map[string][]string{}, queue: make(chan struct{}, 1)}
	d.retarget()
	config.Membership.OnChange(func([]string) { d.retarget() })
	config.Registry.OnClientChange(func(clientID string, _ bool) {
		due := time.Now().Add(config.SyncDelay)
		for _, t := range d.targets() {
			t.add(due, clientID)
		}
	})
	return d
}

// retarget makes targets of new members, which learn of everything that this node is responsible for by the next verification, and
// ends those of members that went.
func (d *Distro) retarget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	peers := d.config.Membership.Peers() // under the lock, so that of two changes at once the later counts
	var targets []*target
	for _, peer := range peers {
		at := slices.IndexFunc(d.peers, func(t *target) bool { return t.peer == peer })
		if at >= 0 {
			targets = append(targets, d.peers[at])
			continue
		}
		t := newTarget(d, peer)
		targets = append(targets, t)
		if d.start != nil {
			d.start(t)
		}
	}
	for _, t := range d.peers {
		if !slices.Contains(peers, t.peer) {
			close(t.gone)
			delete(d.paged, t.peer)
			delete(d.telling, t.peer)
			d.parts.forget(t.peer)
			d.delays.forget(t.peer)
		}
	}
	d.peers = targets
}

// targets are the peers of this moment.
func (d *Distro) targets() []*target {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.peers)
}

// Run loads what the peers know and tells them of changes until the context ends.
func (d *Distro) Run(ctx context.Context) {
	var wait sync.WaitGroup
	d.mu.Lock()
	d.start = func(t *target) { wait.Go(func() { t.run(ctx) }) }
	for _, t := range d.peers {
		d.start(t)
	}
	d.mu.Unlock()
	d.load(ctx)
	<-ctx.Done()
	d.mu.Lock()
	d.start = nil
	d.mu.Unlock()
	wait.Wait()
}

// Loaded is closed when this node has learned what its peers knew.
func (d *Distro) Loaded() <-chan struct{} { return d.loaded }

func (d *Distro) hasLoaded() bool {
	select {
	case <-d.loaded:
		return true
	default:
		return false
	}
}

// skipped says whether a peer is to be told nothing, for SkipSync.
func (d *Distro) skipped(peer string) bool {
	targets := d.targets()
	return len(targets) > 0 && peer == targets[0].peer && defect.On(SkipSync)
}

// call sends a request to a peer within SyncTimeout. The time given is when what it says was true.
func (d *Distro) call(ctx context.Context, peer string, sent time.Time, request DistroDataRequest) (DistroDataResponse, error) {
	limited, cancel := context.WithTimeout(ctx, d.config.SyncTimeout)
	defer cancel()
	request.Source, request.Boot = d.config.Membership.Self(), d.delays.began.UnixNano()
	request.RunningMillis = sent.Sub(d.delays.began).Milliseconds()
	var response DistroDataResponse
	err := d.config.Peers.Call(limited, peer, request, &response)
	return response, err
}
