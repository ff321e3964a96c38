package beating

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net"
	"net/url"
	"sync"
	"time"

	"muster/model"
	"muster/nodes/client"
	"muster/nodes/client/cache"
	"muster/nodes/client/login"
)

// Options of a client.
type Options struct {
	// Nodes are the base URLs of the cluster's nodes, such as http://10.0.0.1:8848.
	Nodes []string
	// Timeout of one request to one node.
	Timeout time.Duration
	// Cache is where what the client believes is kept; empty: nowhere.
	Cache cache.Folder
	// Log takes notice of what goes wrong in the background. Nil: nobody does.
	Log *slog.Logger
	// Dial opens connections. Nil: TCP.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Session says who the client is. Nil: nobody.
	Session *login.Session
	// Pushes is the socket at which pushes arrive; the client closes it. Nil: there are none.
	Pushes net.PacketConn
	// Draw draws a number below n, to choose nodes by. Nil: at random.
	Draw func(n int) int
}

// Client asks one registry cluster. Make it with New. It is safe for concurrent use.
type Client struct {
	options Options
	http    *client.Client
	hosts   []string
	log     *slog.Logger
	ctx     context.Context
	cancel  context.CancelFunc
	working sync.WaitGroup

	mu            sync.Mutex
	local         string
	beats         map[provided]*beat
	subscriptions map[wish]*subscription
	// told is held while a subscriber is told.
	told sync.Mutex
}

// New makes a client. Close it in the end.
func New(options Options) (*Client, error) {
	c := &Client{options: options, log: options.Log, beats: map[provided]*beat{}, subscriptions: map[wish]*subscription{}}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if c.options.Draw == nil {
		c.options.Draw = rand.IntN
	}
	dial := options.Dial
	if dial == nil {
		dial = (&net.Dialer{KeepAlive: -1}).DialContext
	}
	var err error
	c.http, err = client.New(client.Config{Nodes: options.Nodes, Timeout: options.Timeout, Session: options.Session, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err == nil {
			c.seenFrom(conn.LocalAddr())
		}
		return conn, err
	}})
	if err != nil {
		return nil, err
	}
	for _, node := range options.Nodes {
		base, err := url.Parse(node)
		if err != nil {
			return nil, fmt.Errorf("node %q: %w", node, err)
		}
		c.hosts = append(c.hosts, base.Hostname())
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	if options.Pushes != nil {
		c.working.Go(c.receive)
	}
	return c, nil
}

// Close ends beats, polls and pushes. What is registered stays until the nodes miss its beats.
func (c *Client) Close() error {
	c.cancel()
	var err error
	if c.options.Pushes != nil {
		err = c.options.Pushes.Close()
	}
	c.working.Wait()
	c.http.HangUp()
	return err
}

// seenFrom notes this end's address, which nodes are told to push to.
func (c *Client) seenFrom(local net.Addr) {
	host, _, err := net.SplitHostPort(local.String())
	if err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.local = host
}

// route begins at any node and goes on to the others.
func (c *Client) route() client.Route { return client.From(c.options.Draw(len(c.options.Nodes))) }

// provided names an instance that the client beats for.
type provided struct {
	service model.Service
	key     model.InstanceKey
}

// beat is what goes on for one.
type beat struct {
	instance model.Instance
	cancel   context.CancelFunc
}

// defaultBeat is how often an instance is beaten for until a node says how often it wants it (Constants.DEFAULT_HEART_BEAT_INTERVAL).
const defaultBeat = 5 * time.Second

// Register adds an instance to a service, or replaces what was registered under its address. An ephemeral one is beaten for from then on,
// whether that succeeded or not, and registered again where the nodes do not know it, until Deregister.
func (c *Client) Register(ctx context.Context, service model.Service, instance model.Instance) client.Answer {
	if !instance.Ephemeral {
		return c.http.Register(ctx, c.route(), service, instance)
	}
	id := provided{service, instance.Key()}
	beating, cancel := context.WithCancel(c.ctx)
	c.mu.Lock()
	if old := c.beats[id]; old != nil {
		old.cancel()
	}
	c.beats[id] = &beat{instance, cancel}
	c.mu.Unlock()
	answer := c.http.Register(ctx, c.route(), service, instance)
	c.working.Go(func() { c.keepAlive(beating, service, instance) })
	return answer
}

// Deregister takes an instance off its service, and beats for it no more. It is OK, too, if there was none.
func (c *Client) Deregister(ctx context.Context, service model.Service, instance model.Instance) client.Answer {
	id := provided{service, instance.Key()}
	c.mu.Lock()
	if old := c.beats[id]; old != nil {
		old.cancel()
		delete(c.beats, id)
	}
	c.mu.Unlock()
	return c.http.Deregister(ctx, c.route(), service, instance)
}

// keepAlive beats for an instance (BeatReactor.BeatTask). A beat that fails is not repeated: the next comes soon enough.
func (c *Client) keepAlive(ctx context.Context, service model.Service, instance model.Instance) {
	for interval := defaultBeat; pause(ctx, interval); {
		wanted, answer := c.http.BeatTold(ctx, c.route(), service, instance)
		if wanted > 0 {
			interval = wanted
		}
		if unknown(answer) && ctx.Err() == nil {
			answer = c.http.Register(ctx, c.route(), service, instance)
		}
		if answer.Outcome != model.OK && ctx.Err() == nil {
			c.log.Warn("client.beat", "service", service.String(), "instance", instance.Address(), "error", answer.Err.Error())
		}
	}
}

// unknown says whether a beat was for an instance that the nodes do not know.
func unknown(answer client.Answer) bool { return errors.Is(answer.Err, client.ErrNotRegistered) }

// equal compares all of two instances.
func equal(a, b model.Instance) bool {
	return a.Key() == b.Key() && a.Weight == b.Weight && a.Healthy == b.Healthy && a.Enabled == b.Enabled && a.Ephemeral == b.Ephemeral &&
		maps.Equal(a.Metadata, b.Metadata)
}

// pause waits; false if the context ends before.
func pause(ctx context.Context, length time.Duration) bool {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
