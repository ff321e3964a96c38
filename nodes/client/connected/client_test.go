package connected_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"muster/model"
	"muster/nodes/auth"
	"muster/nodes/client"
	"muster/nodes/client/cache"
	"muster/nodes/client/clienttest"
	"muster/nodes/client/connected"
	"muster/nodes/push"
	"muster/nodes/registry"
	"muster/nodes/rpc"
	"muster/nodes/sdk"
)

var (
	orders = model.Service{Namespace: "public", Group: "DEFAULT_GROUP", Name: "orders"}
	first  = model.Instance{IP: "10.1.0.1", Port: 8080, Cluster: "DEFAULT", Weight: 1, Healthy: true, Enabled: true, Ephemeral: true}
	second = model.Instance{IP: "10.1.0.2", Port: 8080, Cluster: "DEFAULT", Weight: 2, Healthy: true, Enabled: true, Ephemeral: true}
)

// cluster is a network with nodes that know nothing of each other: the parts of a node that SDKs speak to.
type cluster struct {
	t       *testing.T
	network *clienttest.Network
	names   []string
	nodes   map[string]*node
	// guard says who may do what; nil: everybody everything.
	guard *auth.Guard
}

type node struct {
	state *registry.Registry
	sdk   *rpc.SDK
}

func newCluster(t *testing.T, nodes ...string) *cluster {
	c := &cluster{t: t, network: clienttest.New(t), names: nodes, nodes: map[string]*node{}}
	for _, name := range nodes {
		c.start(name)
	}
	t.Cleanup(func() {
		for name := range c.nodes {
			c.stop(name)
		}
	})
	return c
}

func sdkAddress(name string) string { return strings.TrimSuffix(name, ":8848") + ":9848" }

func (c *cluster) start(name string) {
	n := &node{state: registry.New(registry.Options{Self: name, Owner: func(string) string { return name }})}
	n.sdk = sdk.New(sdk.Options{Registry: n.state, Log: slog.New(slog.DiscardHandler), IP: strings.TrimSuffix(name, ":8848"), Auth: c.guard,
		Propose: func(_ context.Context, command registry.Command) error {
			text, err := command.Encode()
			if err != nil {
				return err
			}
			refusal, _ := n.state.ApplyCommand(text).(error)
			return refusal
		}})
	push.New(n.state, n.sdk)
	listener := c.network.Listen(sdkAddress(name))
	go n.sdk.Serve(listener)
	c.nodes[name] = n
}

// stop ends a node as the end of its process does, and waits until clients have noticed: what they send meanwhile may or may not arrive.
func (c *cluster) stop(name string) {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	c.nodes[name].sdk.Stop(ended)
	delete(c.nodes, name)
	synctest.Wait()
}

// client connects to the cluster, and is closed before the nodes end.
func (c *cluster) client(change func(*connected.Options)) *connected.Client {
	options := connected.Options{Servers: c.names, Dial: c.network.Dial}
	if change != nil {
		change(&options)
	}
	made, err := connected.New(options)
	require.NoError(c.t, err)
	c.t.Cleanup(made.Close)
	require.NoError(c.t, made.Await(c.t.Context()))
	return made
}

func (c *cluster) listed(name string) []string {
	var addresses []string
	for _, host := range c.nodes[name].state.FreshView(orders).Hosts {
		addresses = append(addresses, host.IP)
	}
	return addresses
}

const one, two = "10.0.0.1:8848", "10.0.0.2:8848"

func bubble(t *testing.T, test func(*testing.T)) { synctest.Test(t, test) }

func TestRegistersAndFinds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		cluster := newCluster(t, one)
		c := cluster.client(nil)
		ctx := t.Context()
		require.Equal(t, connected.Absent, c.Published(orders))
		answer := c.Register(ctx, orders, first)
		require.NoError(t, answer.Err)
		require.Equal(t, client.Answer{Outcome: model.OK, Status: 200}, answer)
		require.Equal(t, connected.Registered, c.Published(orders))
		time.Sleep(time.Second)
		listing, answer := c.List(ctx, orders, model.ReadLocal)
		require.NoError(t, answer.Err)
		require.Equal(t, []model.Instance{first}, listing.Instances)

		require.NoError(t, c.RegisterBatch(ctx, orders, []model.Instance{first, second}).Err)
		require.Equal(t, []string{first.IP, second.IP}, cluster.listed(one))
		names, count, answer := c.ListServices(ctx, "DEFAULT_GROUP", 1, 10)
		require.NoError(t, answer.Err)
		require.Equal(t, []string{"orders"}, names)
		require.Equal(t, 1, count)

		require.NoError(t, c.Deregister(ctx, orders).Err)
		require.Equal(t, connected.Absent, c.Published(orders))
		require.Empty(t, cluster.listed(one))

		persistent := model.Service{Namespace: "public", Group: "DEFAULT_GROUP", Name: "ledger"}
		stays := first
		stays.Ephemeral = false
		require.NoError(t, c.RegisterPersistent(ctx, persistent, stays).Err)
		listing, answer = c.List(ctx, persistent, model.ReadLocal)
		require.NoError(t, answer.Err)
		require.Equal(t, []model.Instance{stays}, listing.Instances)
		refused := c.Register(ctx, persistent, first)
		require.Equal(t, model.Fail, refused.Outcome)
		require.ErrorContains(t, refused.Err, "is persistent service")
		require.NoError(t, c.DeregisterPersistent(ctx, persistent, stays).Err)
		require.Equal(t, model.Fail, c.Register(ctx, model.Service{Namespace: "other", Group: "g", Name: "s"}, first).Outcome)
	})
}

func TestRedoesElsewhere(t *testing.T) {
	bubble(t, func(t *testing.T) {
		cluster := newCluster(t, one, two)
		redone, ended := make(chan connected.Redo, 9), make(chan client.Answer, 9)
		c := cluster.client(func(o *connected.Options) {
			o.OnRedo = func(r connected.Redo) func(client.Answer) {
				redone <- r
				return func(a client.Answer) { ended <- a }
			}
		})
		ctx := t.Context()
		require.NoError(t, c.Register(ctx, orders, first).Err)
		gone := model.Service{Namespace: "public", Group: "DEFAULT_GROUP", Name: "gone"}
		require.NoError(t, c.Register(ctx, gone, first).Err)
		require.NoError(t, c.Deregister(ctx, gone).Err)
		var mu sync.Mutex
		var updates []connected.Update
		require.NoError(t, c.Subscribe(ctx, orders, "", func(u connected.Update) {
			mu.Lock()
			defer mu.Unlock()
			updates = append(updates, u)
		}).Err)
		time.Sleep(time.Second)

		cluster.stop(one)
		beat := c.Beat(ctx, orders)
		require.Equal(t, model.Fail, beat.Outcome)
		time.Sleep(4 * time.Second)
		place, up := c.Server()
		require.Equal(t, 1, place)
		require.True(t, up)
		require.Equal(t, []string{first.IP}, cluster.listed(two), "done again on the other node")
		require.Equal(t, connected.Redo{Server: 1, Service: orders, Instances: []model.Instance{first}}, <-redone)
		require.Equal(t, client.Answer{Outcome: model.OK, Node: 1, Status: 200}, <-ended)
		require.Empty(t, redone, "what was deregistered stays so")
		require.NoError(t, c.Beat(ctx, orders).Err)

		// The subscription moved too.
		other := cluster.client(func(o *connected.Options) { o.First = 1 })
		require.NoError(t, other.Register(ctx, orders, second).Err)
		time.Sleep(time.Second)
		mu.Lock()
		defer mu.Unlock()
		last := updates[len(updates)-1]
		require.True(t, last.Pushed)
		require.Equal(t, 1, last.Server)
		require.Equal(t, []model.Instance{first, second}, last.Instances)
	})
}

func TestLeavesANodeThatDoesNotAnswer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		cluster := newCluster(t, one, two)
		c := cluster.client(nil)
		require.NoError(t, c.Register(t.Context(), orders, first).Err)
		cluster.network.Cut(sdkAddress(one))
		began := time.Now()
		for {
			time.Sleep(100 * time.Millisecond)
			if place, up := c.Server(); place == 1 && up {
				break
			}
		}
		// Five quiet seconds, then four signs of life of three seconds each.
		require.InDelta(t, 17, time.Since(began).Seconds(), 0.3)
		time.Sleep(4 * time.Second)
		require.Equal(t, []string{first.IP}, cluster.listed(two))
		time.Sleep(15 * time.Second)
		require.Empty(t, cluster.listed(one), "the node gave the client up")
	})
}

func TestUnansweredWritesAreUnknown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		cluster := newCluster(t, one)
		c := cluster.client(nil)
		cluster.network.Cut(sdkAddress(one))
		answer := c.Register(t.Context(), orders, first)
		require.Equal(t, model.Unknown, answer.Outcome)
		require.ErrorIs(t, answer.Err, context.DeadlineExceeded)
		require.Equal(t, connected.Pending, c.Published(orders))
		_, read := c.List(t.Context(), orders, model.ReadLocal)
		require.Equal(t, model.Fail, read.Outcome)
		// Nobody listens any more: not sent.
		cluster.stop(one)
		answer = c.Deregister(t.Context(), orders)
		require.Equal(t, model.Fail, answer.Outcome, "%v", answer.Err)
		require.ErrorContains(t, answer.Err, "not connected within 3s")
	})
}

func TestTurnsAreWaitedForNoLongerThanAllowed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		cluster := newCluster(t, one)
		c := cluster.client(nil)
		cluster.network.Cut(sdkAddress(one))
		registered := make(chan client.Answer)
		go func() { registered <- c.Register(t.Context(), orders, first) }()
		synctest.Wait()
		hurried, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		answer := c.Deregister(hurried, orders)
		require.Equal(t, model.Fail, answer.Outcome, "nothing was sent")
		require.ErrorIs(t, answer.Err, context.DeadlineExceeded)
		require.ErrorContains(t, answer.Err, "wait for an earlier request")
		require.Equal(t, time.Second, time.Since(start))
		require.Equal(t, model.Unknown, (<-registered).Outcome)
		require.Equal(t, connected.Pending, c.Published(orders), "what was not asked for does not count")
	})
}

func TestGoesWhereItIsSent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		cluster := newCluster(t, one, two)
		for _, test := range []struct {
			redirect string
			place    int
		}{{two, 1}, {"", 1}, {"10.0.0.9:8848", 1}} {
			c := cluster.client(nil)
			require.NoError(t, c.Register(t.Context(), orders, first).Err)
			for _, id := range cluster.nodes[one].state.Clients() {
				cluster.nodes[one].sdk.Reset(t.Context(), id, test.redirect)
			}
			time.Sleep(4 * time.Second)
			place, up := c.Server()
			require.True(t, up)
			require.Equal(t, test.place, place, test.redirect)
			require.Equal(t, []string{first.IP}, cluster.listed(two))
			require.Empty(t, cluster.listed(one), "the connection there has ended")
			c.Close()
			time.Sleep(time.Second)
			require.Empty(t, cluster.listed(two))
		}
	})
}

func TestSuspendedItIsGivenUp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		cluster := newCluster(t, one)
		c := cluster.client(nil)
		require.NoError(t, c.Register(t.Context(), orders, first).Err)
		c.Suspend()
		time.Sleep(19 * time.Second)
		require.NotEmpty(t, cluster.listed(one))
		time.Sleep(10 * time.Second)
		require.Empty(t, cluster.listed(one), "20 s of silence, up to 3 s until it is noticed, and 5 s to answer")
		c.Resume()
		time.Sleep(4 * time.Second)
		require.NotEmpty(t, cluster.listed(one), "back on a new connection")
	})
}

// A client that no node takes finds what another of the same cache was told last.
func TestFindsInTheCache(t *testing.T) {
	bubble(t, func(t *testing.T) {
		cluster := newCluster(t, one)
		folder := cache.Folder(t.TempDir())
		c := cluster.client(func(o *connected.Options) { o.Cache = folder })
		require.NoError(t, c.Register(t.Context(), orders, first).Err)
		time.Sleep(time.Second)
		require.NoError(t, c.Subscribe(t.Context(), orders, "", nil).Err)
		c.Close()
		cluster.stop(one)
		other, err := connected.New(connected.Options{Servers: cluster.names, Dial: cluster.network.Dial, Cache: folder})
		require.NoError(t, err)
		defer other.Close()
		told := make(chan connected.Update, 9)
		require.Equal(t, model.Fail, other.Subscribe(t.Context(), orders, "", func(u connected.Update) { told <- u }).Outcome)
		require.Equal(t, -1, (<-told).Server)
		held, any := other.Held(orders, "")
		require.True(t, any)
		require.Equal(t, []model.Instance{first}, held.Instances)
		cluster.start(one)
		time.Sleep(9 * time.Second)
		require.Empty(t, (<-told).Instances, "a node that answers knows better")
	})
}

func TestPushes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		cluster := newCluster(t, one)
		subscriber, publisher := cluster.client(nil), cluster.client(nil)
		var mu sync.Mutex
		var seen []int
		require.NoError(t, subscriber.Subscribe(t.Context(), orders, "", func(u connected.Update) {
			mu.Lock()
			defer mu.Unlock()
			seen = append(seen, len(u.Instances))
		}).Err)
		require.NoError(t, publisher.Register(t.Context(), orders, first).Err)
		time.Sleep(time.Second)
		require.NoError(t, publisher.RegisterBatch(t.Context(), orders, []model.Instance{first, second}).Err)
		time.Sleep(20 * time.Second)
		synctest.Wait()
		mu.Lock()
		require.Equal(t, []int{0, 1, 2}, seen, "each push once: it was acknowledged")
		mu.Unlock()
		held, any := subscriber.Held(orders, "")
		require.True(t, any)
		require.Len(t, held.Instances, 2)
		require.NoError(t, subscriber.Unsubscribe(t.Context(), orders, "").Err)
		publisher.Close()
		time.Sleep(2 * time.Second)
		mu.Lock()
		require.Equal(t, []int{0, 1, 2}, seen)
		mu.Unlock()
		_, any = subscriber.Held(orders, "")
		require.False(t, any)
	})
}

func TestBadOptions(t *testing.T) {
	for _, test := range []struct {
		options connected.Options
		says    string
	}{
		{connected.Options{}, "want at least one address such as 10.0.0.1:8848"},
		{connected.Options{Servers: []string{"10.0.0.1"}}, "want ip:port"},
		{connected.Options{Servers: []string{one}, First: 1}, "want 0 to 0"},
		{connected.Options{Servers: []string{one}, Timeout: -1}, "want more than 0"},
	} {
		_, err := connected.New(test.options)
		require.ErrorContains(t, err, test.says)
	}
}
