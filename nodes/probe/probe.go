package probe

import (
	"context"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"muster/model"
	"muster/model/run"
	"muster/nodes/defect"
	"muster/nodes/registry"
)

const (
	// firstInterval is the least time between the first two checks of a client; up to the most that the switches allow for TCP
	// comes on top (Nacos: HealthCheckTaskV2.initCheckRT).
	firstInterval = 2 * time.Second
	// checkTimeout is how long a check may take (Nacos: TcpHealthCheckProcessor.CONNECT_TIMEOUT_MS and its like).
	checkTimeout = 500 * time.Millisecond
	// proposeTimeout is how long Raft may take to note a change. If it takes longer, the next check tries again.
	proposeTimeout = 5 * time.Second
	// atOnce is how many checks are under way at the same time at most; others wait.
	atOnce = 256
)

// NeverProbe has a node check nothing: an instance keeps the health that it was registered with.
const NeverProbe defect.Name = "probe/neverProbe"

// Options of a Prober.
type Options struct {
	// Registry says what there is to check, and what of it is this node's to check.
	Registry *registry.Registry
	// Propose brings a command to the Raft group.
	Propose func(context.Context, registry.Command) error
	Log     *slog.Logger
	// Dial connects to an instance. Nil: a net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Prober checks persistent instances. Make it with New, start it with Run.
type Prober struct {
	options Options
	slots   chan struct{}

	mu sync.Mutex
	// arrived are clients that may have to be checked from now on; wake says that there are some.
	arrived []string
	wake    chan struct{}
	// checks counts those that were made, by kind.
	checks map[string]int
}

// Checks counts the checks that were made since the node started, by kind: "TCP", "HTTP" and "MYSQL".
func (p *Prober) Checks() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.checks)
}

// task is the checks of one client.
type task struct {
	clientID string
	// interval until the next check (Nacos: checkRtNormalized).
	interval time.Duration
	// counts of each service's instance.
	counts map[model.Service]*count
}

// count is how many checks in a row went one way.
type count struct{ ok, failed int }

// New makes a Prober that learns of clients from the registry.
func New(options Options) *Prober {
	if options.Dial == nil {
		options.Dial = new(net.Dialer).DialContext
	}
	p := &Prober{options: options, slots: make(chan struct{}, atOnce), wake: make(chan struct{}, 1), checks: map[string]int{}}
	options.Registry.OnPersistentClient(p.came)
	return p
}

// came notes a client; the registry calls it with its lock held.
func (p *Prober) came(clientID string) {
	p.mu.Lock()
	p.arrived = append(p.arrived, clientID)
	p.mu.Unlock()
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// Run checks until the context ends.
func (p *Prober) Run(ctx context.Context) {
	var wait sync.WaitGroup
	defer wait.Wait()
	checked := map[string]bool{}
	ended := make(chan string)
	begin := func(clientID string) {
		if checked[clientID] {
			return
		}
		checked[clientID] = true
		wait.Go(func() {
			p.watch(ctx, clientID)
			select {
			case ended <- clientID:
			case <-ctx.Done():
			}
		})
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.wake:
			p.mu.Lock()
			arrived := p.arrived
			p.arrived = nil
			p.mu.Unlock()
			for _, clientID := range arrived {
				begin(clientID)
			}
		case clientID := <-ended:
			delete(checked, clientID)
			if len(p.options.Registry.Publications(clientID)) > 0 { // it came back while its checks ended
				begin(clientID)
			}
		}
	}
}

// watch checks a client until it is gone or the context ends.
func (p *Prober) watch(ctx context.Context, clientID string) {
	most := p.options.Registry.Switches().TCPHealth.Max
	jitter := rand.N(time.Duration(1+rand.IntN(max(most, 1))) * time.Millisecond)
	t := &task{clientID: clientID, interval: firstInterval + jitter, counts: map[model.Service]*count{}}
	for p.check(ctx, t) {
		select {
		case <-ctx.Done():
			return
		case <-time.After(t.interval):
		}
	}
}

// check looks once at all that a client publishes; false if it publishes nothing any more.
func (p *Prober) check(ctx context.Context, t *task) bool {
	publications := p.options.Registry.Publications(t.clientID)
	if len(publications) == 0 {
		return false
	}
	switches := p.options.Registry.Switches()
	if !switches.HealthCheckEnabled || defect.On(NeverProbe) || !p.options.Registry.Responsible(t.clientID) {
		clear(t.counts)
		return true
	}
	for _, publication := range publications {
		p.checkOne(ctx, t, publication, switches)
	}
	return ctx.Err() == nil
}

// checkOne checks one instance and draws the conclusions.
func (p *Prober) checkOne(ctx context.Context, t *task, publication registry.Publication, switches registry.Switches) {
	cluster := registry.ClusterMetadata{UseInstancePort: true, Checker: registry.HealthChecker{Type: "TCP"}}
	if metadata := p.options.Registry.ServiceMetadata(publication.Service); metadata != nil {
		if set, ok := metadata.Clusters[publication.Cluster]; ok {
			cluster = set
		}
	}
	check := p.checker(cluster.Checker)
	if check == nil {
		return
	}
	port := publication.Port
	if !cluster.UseInstancePort {
		port = cluster.CheckPort
	}
	params := healthParams(cluster.Checker.Type, switches)
	found, took := p.look(ctx, check, publication.IP, port)
	if ctx.Err() != nil {
		return
	}
	p.mu.Lock()
	p.checks[cluster.Checker.Type]++
	p.mu.Unlock()
	t.adapt(found, took, params)
	if publication.Healthy != p.stays(t, publication, found, switches.CheckTimes) {
		p.propose(ctx, publication, !publication.Healthy, found)
	}
}

// look carries a check out when it is its turn. What is then proposed is nobody's turn any more: where Raft has no leader that takes seconds, and
// other checks go on.
func (p *Prober) look(ctx context.Context, check checker, ip string, port int) (found finding, took time.Duration) {
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return finding{}, 0
	}
	limited, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	began := time.Now()
	return check(limited, ip, port), time.Since(began)
}

// stays returns the health that an instance is to have after a check (Nacos: HealthCheckCommonV2).
func (p *Prober) stays(t *task, publication registry.Publication, found finding, times int) (healthy bool) {
	c := t.counts[publication.Service]
	if c == nil {
		c = &count{}
		t.counts[publication.Service] = c
	}
	if found.verdict == passed {
		c.ok, c.failed = c.ok+1, 0
		return publication.Healthy || c.ok >= times
	}
	c.ok, c.failed = 0, c.failed+1
	return publication.Healthy && found.verdict != refused && c.failed < times
}

// propose has all nodes note a change of health.
func (p *Prober) propose(ctx context.Context, publication registry.Publication, healthy bool, found finding) {
	limited, cancel := context.WithTimeout(ctx, proposeTimeout)
	defer cancel()
	instance := registry.Published{IP: publication.IP, Port: publication.Port, Cluster: publication.Cluster, Healthy: healthy}
	err := p.options.Propose(limited, registry.Command{Kind: registry.SetHealth, Service: publication.Service, Instance: &instance})
	if err != nil {
		if ctx.Err() == nil {
			p.options.Log.Info("a change of health was not agreed on", "service", publication.Service.String(), "error", err.Error())
		}
		return
	}
	p.options.Log.Info(run.EventInstanceProbed, "service", publication.Service.String(), "instance", registry.Tag(publication.IP, publication.Port),
		"healthy", healthy, "found", found.text)
}

// adapt moves the interval towards what the check took (Nacos: HealthCheckCommonV2.reEvaluateCheckRt).
func (t *task) adapt(found finding, took time.Duration, params registry.HealthParams) {
	least, most := time.Duration(params.Min)*time.Millisecond, time.Duration(params.Max)*time.Millisecond
	switch {
	case found.verdict == passed:
	case found.busy:
		took = 2 * t.interval
	default:
		took = most
	}
	factor := float64(params.Factor)
	t.interval = time.Duration(factor*float64(t.interval) + (1-factor)*float64(took))
	t.interval = max(min(t.interval, most), least, time.Millisecond)
}

// healthParams are the bounds for a kind of check.
func healthParams(kind string, switches registry.Switches) registry.HealthParams {
	switch kind {
	case "HTTP":
		return switches.HTTPHealth
	case "MYSQL":
		return switches.MySQLHealth
	}
	return switches.TCPHealth
}
