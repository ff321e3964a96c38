package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"muster/model"
	"muster/nodes/client/login"
)

const (
	// apiPrefix is where Nacos serves its naming API (server.servlet.contextPath and UtilsAndCommons.NACOS_NAMING_CONTEXT).
	apiPrefix = "/nacos/v1/ns"
	// javaAgent is the default User-Agent. Servers look at it: Nacos 1.4 takes a PUT from an unknown agent for a registration.
	javaAgent = "Nacos-Java-Client:v1.4.8"
	// idleTimeout is shorter than Tomcat's keep-alive of 20 s, so that the client is the one who hangs up. The other way round a
	// write may go out on a connection that the server is closing, and its outcome is unknown for nothing.
	idleTimeout = 15 * time.Second
	// answerLimit in bytes: a list longer than this is not believed.
	answerLimit = 16 << 20
)

// Config says whom a client asks, and how patiently.
type Config struct {
	// Nodes are the base URLs of the cluster's nodes, such as http://10.0.0.1:8848. Routes name them by their place here.
	Nodes []string
	// Timeout of one request to one node, from dialling to the last byte of the answer. A call that fails over may take it once
	// for each node.
	Timeout time.Duration
	// UserAgent that the client claims to be. Empty: Nacos's Java client of the 1.x line.
	UserAgent string
	// Dial opens connections. Nil: plain TCP.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Session says who the client is. Nil: nobody.
	Session *login.Session
}

// Client asks one registry cluster. It keeps connections of its own, so that two clients are as separate as two processes. It is
// safe for concurrent use.
type Client struct {
	nodes     []string
	timeout   time.Duration
	agent     string
	session   *login.Session
	transport *http.Transport
}

// New makes a client; it connects when it is first used.
func New(config Config) (*Client, error) {
	if len(config.Nodes) == 0 {
		return nil, errors.New("client without nodes: want at least one base URL such as http://10.0.0.1:8848")
	}
	if config.Timeout <= 0 {
		return nil, fmt.Errorf("client with a time-out of %v: want more than 0", config.Timeout)
	}
	c := &Client{timeout: config.Timeout, agent: config.UserAgent, session: config.Session}
	if c.agent == "" {
		c.agent = javaAgent
	}
	for _, node := range config.Nodes {
		base, err := url.Parse(node)
		if err != nil || base.Scheme != "http" || base.Host == "" || strings.Trim(base.Path, "/") != "" || base.RawQuery != "" {
			return nil, fmt.Errorf("node %q: want a base URL such as http://10.0.0.1:8848", node)
		}
		c.nodes = append(c.nodes, "http://"+base.Host+apiPrefix)
	}
	dial := config.Dial
	if dial == nil {
		// The SDKs send no TCP keep-alives either: a dead connection shows when the next request times out.
		dial = (&net.Dialer{KeepAlive: -1}).DialContext
	}
	c.transport = &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			// The transport goes on dialling when the request has been given up, in case the next one can use the connection.
			ctx, cancel := context.WithTimeout(ctx, config.Timeout)
			defer cancel()
			connection, err := dial(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &countedConn{Conn: connection}, nil
		},
		MaxIdleConnsPerHost: 2,
		IdleConnTimeout:     idleTimeout,
		DisableCompression:  true,
	}
	return c, nil
}

// HangUp closes the connections that are not in use, as the end of a process would. The client stays usable.
func (c *Client) HangUp() { c.transport.CloseIdleConnections() }

// Route says which nodes a call may ask.
type Route struct {
	first    int
	failover bool
}

// Only asks this node and no other.
func Only(node int) Route { return Route{first: node} }

// From asks this node first and the ones after it, in turn, while it is certain that asking again does no harm: a read fails over
// from any node that gives no proper answer, a write only from one that it could not be sent to.
func From(node int) Route { return Route{first: node, failover: true} }

// request is one call of the API.
type request struct {
	method     string
	path       string
	parameters url.Values
	// write is set if the request may change something.
	write bool
	// accept reads the body of a 2xx answer; its error says what is wrong with it.
	accept func(body []byte) error
}

// call sends a request along a route.
func (c *Client) call(ctx context.Context, route Route, r request) Answer {
	if route.first < 0 || route.first >= len(c.nodes) {
		return Answer{Outcome: model.Fail, Err: fmt.Errorf("%s %s: node %d: want 0 to %d", r.method, r.path, route.first, len(c.nodes)-1)}
	}
	for attempt := 0; ; attempt++ {
		node := (route.first + attempt) % len(c.nodes)
		answer := c.send(ctx, node, r)
		answer.Node = node
		last := !route.failover || attempt == len(c.nodes)-1 || ctx.Err() != nil
		if last || !answer.worthAnotherNode(r.write) {
			if answer.Err != nil {
				answer.Err = fmt.Errorf("%s %s: %w", r.method, r.path, answer.Err)
			}
			return answer
		}
	}
}

// send asks one node, and again with another token if it refuses that of the client's session.
func (c *Client) send(ctx context.Context, node int, r request) Answer {
	for {
		token, err := c.session.Token(ctx)
		if err != nil {
			return Answer{Outcome: model.Fail, Err: err}
		}
		answer := c.sendWith(ctx, node, r, token)
		if answer.Status != http.StatusForbidden || !c.session.Refused(token) {
			return answer
		}
	}
}

// sendWith asks one node once.
func (c *Client) sendWith(parent context.Context, node int, r request, token string) Answer {
	ctx, cancel := context.WithTimeout(parent, c.timeout)
	defer cancel()
	// What the request may have done if anything goes wrong from here on.
	lost := model.Fail
	if r.write {
		lost = model.Unknown
	}
	var wire wire
	// Parameters go into the query and never into a body: Nacos 1.4 does not read the form of a POST, and a forwarding node
	// stumbles over the body of a DELETE.
	httpRequest, err := http.NewRequestWithContext(wire.watch(ctx), r.method, c.nodes[node]+r.path+"?"+r.parameters.Encode(), nil)
	if err != nil {
		return Answer{Outcome: model.Fail, Err: err}
	}
	httpRequest.Header.Set("User-Agent", c.agent)
	if token != "" {
		httpRequest.Header.Set("Authorization", "Bearer "+token)
	}
	// The transport itself, not an http.Client: redirects and cookies are no part of this protocol.
	response, err := c.transport.RoundTrip(httpRequest)
	if err != nil {
		if wire.untouched(ctx) {
			lost = model.Fail
		}
		return Answer{Outcome: lost, Err: c.explain(parent, wire.connection != nil, err)}
	}
	defer response.Body.Close()
	var body []byte
	// Nacos's controllers can end in a 101 by mistake, and the body of that is the connection itself: it has no end.
	if response.StatusCode != http.StatusSwitchingProtocols {
		body, err = io.ReadAll(io.LimitReader(response.Body, answerLimit+1))
	}
	answer := Answer{Outcome: lost, Status: response.StatusCode}
	switch {
	case response.StatusCode/100 == 4:
		answer.Outcome, answer.Err = model.Fail, fmt.Errorf("refused with status %d: %s", response.StatusCode, quote(body))
	case response.StatusCode/100 != 2:
		answer.Err = fmt.Errorf("status %d: %s", response.StatusCode, quote(body))
	case err != nil:
		answer.Err = fmt.Errorf("answer breaks off after %s: %w", quote(body), c.explain(parent, true, err))
	case len(body) > answerLimit:
		answer.Err = fmt.Errorf("answer is longer than %d bytes: %s", answerLimit, quote(body))
	default:
		switch answer.Err = r.accept(body); {
		case answer.Err == nil:
			answer.Outcome = model.OK
		case errors.Is(answer.Err, ErrNotRegistered):
			answer.Outcome = model.Fail
		}
	}
	return answer
}

// explain says in plain words why a request got no answer.
func (c *Client) explain(parent context.Context, connected bool, err error) error {
	var timeout interface{ Timeout() bool }
	switch {
	case parent.Err() != nil:
		return fmt.Errorf("given up: %w", parent.Err())
	case !errors.As(err, &timeout) || !timeout.Timeout():
		return err
	case connected:
		return fmt.Errorf("no answer within %v: %w", c.timeout, context.DeadlineExceeded)
	}
	return fmt.Errorf("no connection within %v: %w", c.timeout, context.DeadlineExceeded)
}
