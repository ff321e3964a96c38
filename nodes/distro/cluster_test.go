package distro

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"muster/model"
	"muster/model/run"
	"muster/nodes/membership"
	"muster/nodes/registry"
	"muster/nodes/rpc"
)

var (
	names  = []string{"a:1", "b:2", "c:3"}
	orders = model.Service{Namespace: "public", Group: "DEFAULT_GROUP", Name: "orders"}
)

// cluster is three nodes' Distro over a network in memory, in a synctest bubble.
type cluster struct {
	t     *testing.T
	nodes map[string]*node
	// syncDelay of nodes that are started from now on; zero for the default.
	syncDelay time.Duration
	// profile of nodes that are started from now on.
	profile registry.Profile

	mu sync.Mutex
	// lost are the links, "from>to", whose messages vanish.
	lost map[string]bool
	// last are links of which so many messages more come through.
	last map[string]int
	// messages counts what was delivered, by operation.
	messages map[Operation]int
	// calls are all that nodes sent, delivered or not.
	calls []call
}

// call is one message of a node.
type call struct {
	at      time.Time
	link    string
	request DistroDataRequest
}

type node struct {
	name       string
	registry   *registry.Registry
	membership *membership.Membership
	distro     *Distro
	server     *rpc.Server
	log        *bytes.Buffer
	stop       func()
}

// wire sends one node's requests.
type wire struct {
	cluster *cluster
	self    string
}

var errRefused = errors.New("connection refused")

func (w wire) Call(ctx context.Context, to string, request any, response rpc.Response) error {
	w.cluster.mu.Lock()
	link := w.self + ">" + to
	if left, limited := w.cluster.last[link]; limited {
		w.cluster.lost[link], w.cluster.last[link] = left <= 0, left-1
	}
	lost, target := w.cluster.lost[link], w.cluster.nodes[to]
	if data, ok := request.(DistroDataRequest); ok {
		w.cluster.calls = append(w.cluster.calls, call{time.Now(), link, data})
		if !lost && target != nil {
			w.cluster.messages[data.DataOperation]++
		}
	}
	w.cluster.mu.Unlock()
	switch {
	case lost:
		<-ctx.Done()
		return ctx.Err()
	case target == nil:
		return errRefused
	}
	payload, err := rpc.Encode(request)
	if err != nil {
		return err
	}
	if size := len(payload.GetBody().GetValue()); size > rpc.MaxMessage {
		return fmt.Errorf("a message of %d bytes; want %d at most", size, rpc.MaxMessage)
	}
	answer, err := target.server.Answer(ctx, payload)
	if err != nil {
		return err
	}
	if answer.GetMetadata().GetType() != rpc.TypeName(response) {
		return fmt.Errorf("answer %s", answer.GetBody().GetValue())
	}
	return json.Unmarshal(answer.GetBody().GetValue(), response)
}

func (w wire) Reset(string) {}
func (w wire) Hurry(string) {}

func newCluster(t *testing.T, start ...string) *cluster {
	c := &cluster{t: t, nodes: map[string]*node{}, lost: map[string]bool{}, last: map[string]int{}, messages: map[Operation]int{}}
	for _, name := range start {
		c.start(name)
	}
	t.Cleanup(func() {
		for _, n := range c.nodes {
			n.stop()
		}
	})
	return c
}

func (c *cluster) start(name string) *node {
	n := &node{name: name, log: &bytes.Buffer{}, server: rpc.NewServer(slog.New(slog.DiscardHandler))}
	logger := slog.New(slog.NewJSONHandler(n.log, nil))
	var err error
	n.membership, err = membership.New(membership.Config{Self: name, Members: names, Peers: wire{c, name}, Logger: logger})
	require.NoError(c.t, err)
	n.registry = registry.New(registry.Options{Profile: c.profile, Self: name, Owner: n.membership.Owner})
	config := Config{Registry: n.registry, Membership: n.membership, Peers: wire{c, name}, Logger: logger, SyncDelay: c.syncDelay}
	config.Lists = c.profile == registry.Nacos1
	n.distro = New(config)
	n.membership.Handle(n.server)
	n.distro.Handle(n.server)
	ctx, cancel := context.WithCancel(context.Background())
	var wait sync.WaitGroup
	wait.Go(func() { n.distro.Run(ctx) })
	wait.Go(func() { n.membership.Run(ctx) })
	n.stop = func() {
		cancel()
		wait.Wait()
		n.server.Stop(ctx)
	}
	c.mu.Lock()
	c.nodes[name] = n
	c.mu.Unlock()
	return n
}

// cut makes the messages of one link, "from>to", vanish.
func (c *cluster) cut(link string, lost bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lost[link] = lost
	delete(c.last, link)
}

// loseAfter makes the messages of one link vanish, but for the next ones.
func (c *cluster) loseAfter(link string, messages int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last[link] = messages
}

// lose makes the messages between a node and all others vanish, both ways.
func (c *cluster) lose(name string, lost bool) {
	for _, other := range names {
		c.cut(name+">"+other, lost)
		c.cut(other+">"+name, lost)
	}
}

func (c *cluster) delivered(operation Operation) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.messages[operation]
}

// sent are the messages of an operation over a link since a time, and when each was sent, counted from then.
func (c *cluster) sent(link string, operation Operation, since time.Time) (requests []DistroDataRequest, after []time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, call := range c.calls {
		if call.link == link && call.request.DataOperation == operation && !call.at.Before(since) {
			requests, after = append(requests, call.request), append(after, call.at.Sub(since))
		}
	}
	return requests, after
}

// failed is when a node said that a peer could not be told, counted from a time.
func (c *cluster) failed(name string, since time.Time) (after []time.Duration) {
	synctest.Wait()
	for line := range strings.Lines(c.nodes[name].log.String()) {
		var event struct {
			Time time.Time `json:"time"`
			Msg  string    `json:"msg"`
		}
		require.NoError(c.t, json.Unmarshal([]byte(line), &event))
		if event.Msg == run.EventDistroSyncFailed && !event.Time.Before(since) {
			after = append(after, event.Time.Sub(since))
		}
	}
	return after
}

// kill ends a node at once; what it knew is gone.
func (c *cluster) kill(name string) {
	c.mu.Lock()
	n := c.nodes[name]
	delete(c.nodes, name)
	c.mu.Unlock()
	n.stop()
}

// owned returns the n-th instance whose client the node is responsible for when all are UP.
func owned(by string, n int) registry.Published {
	for port := 1000; ; port++ {
		if membership.OwnerAmong(registry.Tag("10.0.0.9", port), names) == by {
			if n--; n == 0 {
				return registry.Published{IP: "10.0.0.9", Port: port, Cluster: "DEFAULT", Healthy: true, Weight: 1, Enabled: true}
			}
		}
	}
}

// has says whether a node knows the instance, whatever the delay of its views.
func (n *node) has(instance registry.Published) bool {
	_, known := n.registry.Published(orders, n.registry.InstanceClient(orders, instance.IP, instance.Port, instance.Cluster, true))
	return known
}

func (c *cluster) register(at string, instance registry.Published) {
	require.NoError(c.t, c.nodes[at].registry.RegisterEphemeral(orders, instance))
}

func (c *cluster) requireKnown(instance registry.Published, want string) {
	c.t.Helper()
	synctest.Wait()
	var known []string
	for _, name := range names {
		if n := c.nodes[name]; n != nil && n.has(instance) {
			known = append(known, name)
		}
	}
	require.Equal(c.t, want, strings.Join(known, " "))
}

// beat lets an instance beat at a node every five seconds, for so long.
func (c *cluster) beat(at string, instance registry.Published, forSo time.Duration) {
	for began := time.Now(); time.Since(began) < forSo; time.Sleep(5 * time.Second) {
		if !c.nodes[at].registry.Beat(orders, registry.ClientID(instance.IP, instance.Port, true)) {
			c.register(at, instance)
		}
	}
}
