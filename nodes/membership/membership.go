package membership

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"muster/model/run"
	"muster/nodes/defect"
	"muster/nodes/rpc"
)

// State is what a node thinks of a member (Nacos: NodeState).
type State string

// The states. UP and SUSPICIOUS members are responsible for their share, DOWN ones for nothing.
const (
	Up         State = "UP"
	Suspicious State = "SUSPICIOUS"
	Down       State = "DOWN"
)

// failuresAllowed is how many failed reports in a row leave a member SUSPICIOUS; one more makes it DOWN (Nacos:
// nacos.core.member.fail-access-cnt).
const failuresAllowed = 3

// StartsSlowly has a node send and answer no reports for its first minute, in which all else works: its peers take it for DOWN, and it takes
// itself for responsible. So a Nacos whose start takes long, whose checks begin when it has loaded its peers' clients, and which answers
// "Server is starting" (GrpcRequestAcceptor) until all of it stands. The node has to be started with it.
const StartsSlowly defect.Name = "membership/startsSlowly"

// slowStart is how long that takes.
const slowStart = time.Minute

// Member is one member in a node's view.
type Member struct {
	// Address is "ip:port" of its HTTP API, by which it is named everywhere.
	Address string
	State   State
	// Failures counts the failed reports in a row.
	Failures int
	// Refreshed is when it last gave a sign of life; zero if it never did.
	Refreshed time.Time
}

// Caller sends a request to a peer: an *rpc.Pool.
type Caller interface {
	Call(ctx context.Context, to string, request any, response rpc.Response) error
	Reset(to string)
	Hurry(to string)
}

// Config of a Membership. Zero times mean Nacos's.
type Config struct {
	// Self is this node's address, "ip:port".
	Self string
	// Members are all members to begin with, this node among them; see Set. Empty: this node alone.
	Members []string
	Peers   Caller
	Logger  *slog.Logger
	// DownWhenRefused has a report that is refused at the peer's port make it DOWN at once, as in Nacos 1.x (ServerMemberManager and
	// MemberUtil.onFail: "Connection refused"). In 2.x reports go over gRPC, where it is a failure like others.
	DownWhenRefused bool

	// FirstReport is when, after Run, the first report goes out: 5 s.
	FirstReport time.Duration
	// ReportEvery is how long after a report the next one goes out, to the next peer: 2 s.
	ReportEvery time.Duration
	// ReportUnhealthyEvery is how often peers that are not UP get a report besides: 5 s.
	ReportUnhealthyEvery time.Duration
	// ReportTimeout is after how long a report has failed: 3 s.
	ReportTimeout time.Duration
}

// Membership is safe for concurrent use. Make it with New, register its handler with Handle, start it with Run.
type Membership struct {
	config Config

	mu sync.RWMutex
	// members are sorted by address; servers are the addresses of those that are not DOWN.
	members []Member
	servers []string
	// onChange are told of each new list.
	onChange []func(listed []string)
	// serves is when reports are answered from.
	serves time.Time
	// unwell wakes the loop that reports to members that are not UP, joined the one that reports to all.
	unwell, joined chan struct{}
}

// New checks the configuration. All members begin as UP, as in Nacos.
func New(config Config) (*Membership, error) {
	config.FirstReport = cmp.Or(config.FirstReport, 5*time.Second)
	config.ReportEvery = cmp.Or(config.ReportEvery, 2*time.Second)
	config.ReportUnhealthyEvery = cmp.Or(config.ReportUnhealthyEvery, 5*time.Second)
	config.ReportTimeout = cmp.Or(config.ReportTimeout, 3*time.Second)
	if len(config.Members) == 0 {
		config.Members = []string{config.Self}
	}
	serves := time.Now()
	if defect.On(StartsSlowly) {
		config.FirstReport = slowStart
		serves = serves.Add(slowStart)
	}
	m := &Membership{config: config, serves: serves, unwell: make(chan struct{}, 1), joined: make(chan struct{}, 1)}
	if err := check(config.Members); err != nil {
		return nil, err
	}
	if !slices.Contains(config.Members, config.Self) {
		return nil, fmt.Errorf("this node, %s, is not among the members %v; want its own address listed too", config.Self, config.Members)
	}
	m.members = m.view(config.Members)
	m.servers = m.living()
	return m, nil
}

// Self is this node's address.
func (m *Membership) Self() string { return m.config.Self }

// Members returns the view, sorted by address.
func (m *Membership) Members() []Member {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return slices.Clone(m.members)
}

// Peers returns the addresses of all members but this one, sorted, whatever their state.
func (m *Membership) Peers() []string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var peers []string
	for _, member := range m.members {
		if member.Address != m.config.Self {
			peers = append(peers, member.Address)
		}
	}
	return peers
}

// State returns what this node thinks of a member; false if it is none.
func (m *Membership) State(address string) (State, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if at := m.find(address); at >= 0 {
		return m.members[at].State, true
	}
	return "", false
}

// Owner returns the member that is responsible for a tag ("ip:port" of an instance, or a service's name), in this node's view.
func (m *Membership) Owner(tag string) string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return OwnerAmong(tag, m.servers)
}

// Responsible says whether this node is responsible for a tag.
func (m *Membership) Responsible(tag string) bool { return m.Owner(tag) == m.config.Self }

// Living returns the addresses of the members that are not DOWN in this node's view, among which Owner chooses, as OwnerAmong wants them.
func (m *Membership) Living() []string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return slices.Clone(m.servers)
}

// Handle has a server take in peers' reports.
func (m *Membership) Handle(server *rpc.Server) {
	rpc.Handle(server, func(_ context.Context, request *MemberReportRequest) (MemberReportResponse, error) {
		if time.Now().Before(m.serves) {
			return MemberReportResponse{}, &rpc.Error{Code: rpc.CodeInvalid, Message: m.config.Self + " is starting, please try later"}
		}
		from := request.Node.Address
		if from == m.config.Self || !m.alive(from) {
			return MemberReportResponse{}, &rpc.Error{Code: rpc.CodeInvalid, Message: fmt.Sprintf("%q is not a peer of %s", from, m.config.Self)}
		}
		m.config.Peers.Hurry(from)
		return MemberReportResponse{Result: rpc.OK(), Node: m.describe()}, nil
	})
}

// Run reports to peers until the context ends.
func (m *Membership) Run(ctx context.Context) {
	var wait sync.WaitGroup
	defer wait.Wait()
	wait.Go(func() { m.reportToUnwell(ctx) })
	pause := m.config.FirstReport
	for turn := 0; ; turn++ {
		for len(m.Peers()) == 0 {
			select {
			case <-ctx.Done():
				return
			case <-m.joined:
			}
		}
		if !sleep(ctx, pause) {
			return
		}
		if peers := m.Peers(); len(peers) > 0 {
			m.report(ctx, peers[turn%len(peers)])
		}
		pause = m.config.ReportEvery
	}
}

// reportToUnwell sleeps as long as all members are UP.
func (m *Membership) reportToUnwell(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-m.unwell:
		}
		tick := time.NewTicker(m.config.ReportUnhealthyEvery)
		for !m.allUp() {
			select {
			case <-ctx.Done():
				tick.Stop()
				return
			case <-tick.C:
				m.reportToAllUnwell(ctx)
			}
		}
		tick.Stop()
	}
}

func (m *Membership) reportToAllUnwell(ctx context.Context) {
	var wait sync.WaitGroup
	for _, member := range m.Members() {
		if member.State != Up {
			wait.Go(func() { m.report(ctx, member.Address) })
		}
	}
	wait.Wait()
}

func (m *Membership) report(ctx context.Context, to string) {
	limited, cancel := context.WithTimeout(ctx, m.config.ReportTimeout)
	defer cancel()
	var response MemberReportResponse
	err := m.config.Peers.Call(limited, to, MemberReportRequest{m.describe()}, &response)
	switch {
	case err == nil:
		m.alive(to)
	case ctx.Err() != nil: // this node is stopping
	default:
		if errors.Is(err, context.DeadlineExceeded) {
			m.config.Peers.Reset(to)
		}
		m.failed(to, err)
	}
}

func (m *Membership) describe() ReportedMember {
	host, text, _ := net.SplitHostPort(m.config.Self) // checked by New
	port, _ := strconv.Atoi(text)
	return ReportedMember{IP: host, Port: port, State: Up, Address: m.config.Self}
}

// alive notes a sign of life; false if it is from no member.
func (m *Membership) alive(address string) bool {
	return m.update(address, "", func(member *Member) {
		member.State, member.Failures, member.Refreshed = Up, 0, time.Now()
	})
}

func (m *Membership) failed(address string, cause error) {
	m.update(address, cause.Error(), func(member *Member) {
		member.Failures++
		if member.State != Down {
			member.State = Suspicious
		}
		if member.Failures > failuresAllowed || m.config.DownWhenRefused && errors.Is(cause, rpc.ErrNotListening) {
			member.State = Down
		}
	})
	select {
	case m.unwell <- struct{}{}:
	default:
	}
}

func (m *Membership) update(address, reason string, change func(*Member)) bool {
	m.mu.Lock()
	at := m.find(address)
	if at < 0 {
		m.mu.Unlock()
		return false
	}
	before := m.members[at].State
	change(&m.members[at])
	after := m.members[at]
	m.servers = m.living()
	m.mu.Unlock()
	if after.State != before {
		m.config.Logger.Info(run.EventMemberState, "member", address, "state", string(after.State), "failures", after.Failures, "reason", reason)
	}
	return true
}

// find returns where a member stands, -1 if nowhere. The caller holds mu.
func (m *Membership) find(address string) int {
	return slices.IndexFunc(m.members, func(member Member) bool { return member.Address == address })
}

// living returns the addresses of members that are not DOWN. The caller holds mu.
func (m *Membership) living() []string {
	var servers []string
	for _, member := range m.members {
		if member.State != Down {
			servers = append(servers, member.Address)
		}
	}
	return servers
}

func (m *Membership) allUp() bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return !slices.ContainsFunc(m.members, func(member Member) bool { return member.State != Up })
}

// sleep returns false if the context ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
