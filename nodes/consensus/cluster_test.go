package consensus

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/nodes/rpc"
)

// TestMain has more tests run side by side than there are processors, since they wait for elections most of the time.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// list is a state machine: the commands in their order. It refuses "bad".
type list struct {
	// repeated are the commands that were sent more than once, of which the first one counts; nil if there are none.
	repeated *sync.Map

	mu    sync.Mutex
	items []string
	// restored counts the snapshots that it was set to.
	restored int
}

var errBad = errors.New("bad is refused")

func (l *list) Apply(command []byte) any {
	l.mu.Lock()
	defer l.mu.Unlock()
	if string(command) == "bad" {
		return errBad
	}
	if l.repeated != nil && slices.Contains(l.items, string(command)) {
		if _, again := l.repeated.Load(string(command)); again {
			return nil
		}
	}
	l.items = append(l.items, string(command))
	return nil
}

func (l *list) Snapshot() ([]byte, error) { return []byte(strings.Join(l.all(), "\n")), nil }

func (l *list) Restore(from io.Reader) error {
	text, err := io.ReadAll(from)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.restored++
	l.items = strings.Split(string(text), "\n")
	return nil
}

func (l *list) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.items)
}

// proxy carries connections to an address; while it is cut, bytes wait. It keeps its own address for as long as the test runs.
type proxy struct {
	listener net.Listener

	mu     sync.Mutex
	target string        // "": nobody listens
	cut    chan struct{} // nil: not cut; closed when healed
}

func newProxy(t *testing.T) *proxy {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &proxy{listener: listener}
	t.Cleanup(func() { p.set(false); listener.Close() })
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			p.mu.Lock()
			target := p.target
			p.mu.Unlock()
			if target == "" {
				near.Close()
				continue
			}
			far, err := net.Dial("tcp", target)
			if err != nil {
				near.Close()
				continue
			}
			go p.copy(near, far)
			go p.copy(far, near)
		}
	}()
	return p
}

func (p *proxy) copy(to, from net.Conn) {
	defer to.Close()
	buffer := make([]byte, 1<<16)
	for {
		n, err := from.Read(buffer)
		p.mu.Lock()
		cut := p.cut
		p.mu.Unlock()
		if cut != nil {
			<-cut
		}
		if _, failed := to.Write(buffer[:n]); err != nil || failed != nil {
			return
		}
	}
}

func (p *proxy) lead(target string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = target
}

func (p *proxy) set(cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if cut && p.cut == nil {
		p.cut = make(chan struct{})
	} else if !cut && p.cut != nil {
		close(p.cut)
		p.cut = nil
	}
}

// cluster is three members in one process that find each other, and themselves, through proxies.
type cluster struct {
	t       *testing.T
	names   []string
	members map[string]*member
	// links holds the proxies between two members, for raft and for forwarding, by "from>to".
	links map[string][]*proxy
	tune  func(*Config)
	// repeated are the commands that apply sent more than once.
	repeated sync.Map
}

type member struct {
	name, folder string
	node         *Node
	machine      *list
	// raft is where it listens for raft's messages.
	raft string
	// toRaft and toRPC are the proxies that lead to it.
	toRaft, toRPC []*proxy
	// raftTo and rpcTo are where it finds each member.
	raftTo, rpcTo map[string]string
	server        *rpc.Server
	pool          *rpc.Pool
}

func newCluster(t *testing.T, tune func(*Config)) *cluster {
	return newClusterOf(t, []string{"a:1", "b:2", "c:3"}, nil, tune)
}

// newClusterOf starts members of those names, and makes others that may be started later.
func newClusterOf(t *testing.T, names, later []string, tune func(*Config)) *cluster {
	c := &cluster{t: t, names: names, members: map[string]*member{}, links: map[string][]*proxy{}, tune: tune}
	for _, name := range slices.Concat(names, later) {
		c.members[name] = &member{name: name, folder: t.TempDir(), raftTo: map[string]string{}, rpcTo: map[string]string{}}
	}
	for _, from := range c.members {
		for _, to := range c.members {
			raft, rpc := newProxy(t), newProxy(t)
			to.toRaft, to.toRPC = append(to.toRaft, raft), append(to.toRPC, rpc)
			from.raftTo[to.name], from.rpcTo[to.name] = raft.listener.Addr().String(), rpc.listener.Addr().String()
			if from != to {
				c.links[from.name+">"+to.name] = []*proxy{raft, rpc}
			}
		}
	}
	for _, name := range c.names {
		c.start(name)
	}
	t.Cleanup(func() {
		for name := range c.members {
			c.stop(name)
		}
	})
	return c
}

func (c *cluster) start(name string) {
	m := c.members[name]
	listen := func(proxies []*proxy) net.Listener {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(c.t, err)
		for _, p := range proxies {
			p.lead(listener.Addr().String())
		}
		return listener
	}
	raftListener, rpcListener := listen(m.toRaft), listen(m.toRPC)
	m.raft = raftListener.Addr().String()
	m.machine = &list{repeated: &c.repeated}
	m.pool = rpc.NewPool(func(peer string) (string, error) { return m.rpcTo[peer], nil })
	m.server = rpc.NewServer(slog.New(slog.DiscardHandler))
	config := Config{
		Self: name, Members: c.names, DataFolder: m.folder, Machine: m.machine, Listener: raftListener,
		RaftAddress: func(member string) (string, error) { return m.raftTo[member], nil },
		Peers:       m.pool, Logger: slog.New(slog.DiscardHandler), Refusals: []error{errBad},
		ElectionTimeout: electionTimeout, CommitInterval: 10 * time.Millisecond,
	}
	if c.tune != nil {
		c.tune(&config)
	}
	var err error
	m.node, err = Open(config)
	require.NoError(c.t, err)
	m.node.Handle(m.server)
	go m.server.Serve(rpcListener)
}

func (c *cluster) stop(name string) {
	m := c.members[name]
	if m.node == nil {
		return
	}
	for _, p := range slices.Concat(m.toRaft, m.toRPC) {
		p.lead("") // another test's member may soon have its ports
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := m.node.Close(ctx); err != nil {
		_ = pprof.Lookup("goroutine").WriteTo(os.Stderr, 1) // who holds it up?
		require.NoError(c.t, err)
	}
	cancel()
	m.server.Stop(ctx)
	m.pool.Close()
	m.node = nil
}

// isolate cuts, or heals, all links of one member.
func (c *cluster) isolate(name string, cut bool) {
	for link, proxies := range c.links {
		if strings.HasPrefix(link, name+">") || strings.HasSuffix(link, ">"+name) {
			for _, p := range proxies {
				p.set(cut)
			}
		}
	}
}

const (
	patience = time.Minute
	// electionTimeout is as short as a busy machine lets it be: its half without the processor costs a leader its office.
	electionTimeout = time.Second
)

// leader waits until all running members but the excepted agree on one of them.
func (c *cluster) leader(except ...string) string {
	c.t.Helper()
	var leader string
	require.Eventually(c.t, func() bool {
		leader = ""
		for _, m := range c.members {
			if m.node == nil || slices.Contains(except, m.name) {
				continue
			}
			status := m.node.Status()
			if status.Leader == "" || leader != "" && status.Leader != leader {
				return false
			}
			leader = status.Leader
		}
		return leader != "" && !slices.Contains(except, leader) && c.members[leader].node != nil &&
			c.members[leader].node.Status().State == "leader"
	}, patience, 5*time.Millisecond)
	return leader
}

func (c *cluster) others(name string) []string {
	return slices.DeleteFunc(slices.Clone(c.names), func(other string) bool { return other == name })
}

// apply repeats a command until it succeeds, and returns the answer: leadership may move on a busy machine, and nobody know what became of
// what was under way. It happens once.
func (c *cluster) apply(name, command string) any {
	c.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		answer, err := c.members[name].node.Apply(c.t.Context(), []byte(command))
		if err == nil {
			return answer
		}
		if errors.Is(err, ErrUnknownOutcome) {
			c.repeated.Store(command, true)
		}
		require.True(c.t, time.Now().Before(end), "%v", err)
	}
}

// readBarrier repeats a read barrier until it succeeds: leadership may move on a busy machine.
func (c *cluster) readBarrier(name string) {
	c.t.Helper()
	require.Eventually(c.t, func() bool { return c.members[name].node.ReadBarrier(c.t.Context()) == nil }, patience, 5*time.Millisecond)
}

func (c *cluster) requireAll(want ...string) {
	c.t.Helper()
	for _, m := range c.members {
		if m.node == nil {
			continue
		}
		require.Eventually(c.t, func() bool { return slices.Equal(want, m.machine.all()) }, patience, 5*time.Millisecond,
			"%s has %v, want %v", m.name, m.machine.all(), want)
	}
}

func numbers(from, to int) (list []string) {
	for i := from; i <= to; i++ {
		list = append(list, fmt.Sprint(i))
	}
	return list
}
