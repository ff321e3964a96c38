package connected

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"slices"
	"sync"
	"time"

	"muster/model"
	"muster/nodes/client"
	"muster/nodes/client/cache"
	"muster/nodes/client/login"
	"muster/nodes/rpc"
)

// The client's times (common/remote/client/RpcClientConfig, client/naming/remote/gprc/redo).
const (
	// keepAliveTime is after how much quiet a sign of life is given.
	keepAliveTime = 5 * time.Second
	// checkTimeout is for one sign of life, or one step of connecting; healthChecks is how many in a row may go unanswered.
	checkTimeout = 3 * time.Second
	healthChecks = 4
	// ackTime is how long a node has to say what it is able to do; setupPause is given to one that does not say.
	ackTime    = 5 * time.Second
	setupPause = 100 * time.Millisecond
	// redoEvery is how often what was lost is done again.
	redoEvery = 3 * time.Second
	// turnDelay times the number of turns around all nodes, up to turnLimit, is the wait between two attempts to connect.
	turnDelay = 100 * time.Millisecond
	turnLimit = 50
	// DefaultTimeout of a request.
	DefaultTimeout = 3 * time.Second
	// version is what the client says it is. Nodes look at the language only.
	version = "Nacos-Java-Client:v2.5.1"
)

// Options of a client.
type Options struct {
	// Servers are the nodes' addresses by which they are named: those of their HTTP API, such as 10.0.0.1:8848.
	Servers []string
	// First is the place of the server that is tried first. Java's clients draw it.
	First int
	// Namespace that the client speaks for. Pushes do not say which they are about. Empty: model.DefaultNamespace.
	Namespace string
	// App is the name of the application; may be empty.
	App string
	// Timeout of a request, the wait for a connection included. 0: DefaultTimeout.
	Timeout time.Duration
	// Session says who the client is. Nil: nobody.
	Session *login.Session
	// Cache is where what is believed of subscribed services is kept; empty: nowhere.
	Cache cache.Folder
	// Log takes notice of connections that come and go. Nil: nobody does.
	Log *slog.Logger
	// Dial opens connections. Nil: TCP.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// OnRedo is called before a registration or deregistration is done again; what it returns, if anything, is called with how
	// that ended. Nil: nobody asks.
	OnRedo func(Redo) func(client.Answer)
}

// Redo is something that the client does again by itself, on a new connection or because it failed.
type Redo struct {
	// Server is the place in Options.Servers of the node that is asked.
	Server    int
	Service   model.Service
	Instances []model.Instance
	// Deregister: they are taken off. Otherwise they are registered.
	Deregister bool
}

// Client speaks to one node of a cluster at a time. Make it with New. It is safe for concurrent use.
type Client struct {
	options   Options
	addresses []string
	log       *slog.Logger
	gate      gate
	cancel    context.CancelFunc
	working   sync.WaitGroup

	mu sync.Mutex
	// current is nil while there is none.
	current *connection
	// changed is closed, and made anew, when current changes.
	changed       chan struct{}
	publications  map[model.Service]*publication
	subscriptions map[subscriptionKey]*subscription
}

// New makes a client, which begins to connect at once. Close it in the end.
func New(options Options) (*Client, error) {
	if len(options.Servers) == 0 {
		return nil, errors.New("client without servers: want at least one address such as 10.0.0.1:8848")
	}
	if options.First < 0 || options.First >= len(options.Servers) {
		return nil, fmt.Errorf("first server %d: want 0 to %d", options.First, len(options.Servers)-1)
	}
	if options.Timeout < 0 {
		return nil, fmt.Errorf("client with a time-out of %v: want more than 0, or 0 for %v", options.Timeout, DefaultTimeout)
	}
	if options.Timeout == 0 {
		options.Timeout = DefaultTimeout
	}
	if options.Namespace == "" {
		options.Namespace = model.DefaultNamespace
	}
	if options.Dial == nil {
		options.Dial = (&net.Dialer{KeepAlive: -1}).DialContext
	}
	c := &Client{
		options: options, log: options.Log, changed: make(chan struct{}),
		publications: map[model.Service]*publication{}, subscriptions: map[subscriptionKey]*subscription{},
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	for _, server := range options.Servers {
		address, err := rpc.Offset(server, rpc.SDKOffset)
		if err != nil {
			return nil, fmt.Errorf("server of a client: %w", err)
		}
		c.addresses = append(c.addresses, address)
	}
	ctx, cancel := context.WithCancel(context.Background())
	c.cancel = cancel
	c.working.Go(func() { c.stayConnected(ctx) })
	c.working.Go(func() { c.redoAgainAndAgain(ctx) })
	return c, nil
}

// Close ends the connection; the node then takes off what was registered over it.
func (c *Client) Close() {
	c.cancel()
	c.gate.open()
	c.working.Wait()
}

// Suspend has the client do nothing more, not even answer, as if its process were stopped or its machine off the network: the
// connection stays as it is. Call nothing else until Resume.
func (c *Client) Suspend() { c.gate.close() }

// Resume has the client go on where it was.
func (c *Client) Resume() { c.gate.open() }

// Server is the place in Options.Servers of the node that the client is connected to, or was last; connected says which.
func (c *Client) Server() (place int, connected bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.current == nil {
		return c.options.First, false
	}
	return c.current.server, !c.current.over()
}

// Await waits until the client is connected.
func (c *Client) Await(ctx context.Context) error {
	_, err := c.connection(ctx)
	return err
}

// connection waits for one that is not over.
func (c *Client) connection(ctx context.Context) (*connection, error) {
	for {
		c.mu.Lock()
		current, changed := c.current, c.changed
		c.mu.Unlock()
		if current != nil && !current.over() {
			return current, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// adopt makes a connection the current one.
func (c *Client) adopt(next *connection) {
	c.mu.Lock()
	before := c.current
	c.current = next
	close(c.changed)
	c.changed = make(chan struct{})
	c.mu.Unlock()
	if before != nil {
		before.end(errReplaced)
	}
}

// id of the current connection; empty if there is none that lives.
func (c *Client) id() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.current == nil || c.current.over() {
		return ""
	}
	return c.current.id
}

// sortedServices of a map, for an order that does not depend on it.
func sortedServices[V any](m map[model.Service]V) []model.Service {
	return slices.SortedFunc(maps.Keys(m), compareServices)
}

// gate holds up whoever passes while it is closed. The zero gate is open.
type gate struct {
	mu     sync.Mutex
	closed chan struct{}
}

func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed == nil {
		g.closed = make(chan struct{})
	}
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed != nil {
		close(g.closed)
		g.closed = nil
	}
}

// pass waits until the gate is open.
func (g *gate) pass() {
	g.mu.Lock()
	closed := g.closed
	g.mu.Unlock()
	if closed != nil {
		<-closed
	}
}
