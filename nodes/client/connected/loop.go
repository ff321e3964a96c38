package connected

import (
	"context"
	"errors"
	"net"
	"strconv"
	"time"

	"muster/nodes/rpc"
)

// target is where to connect: a server by its place, or any address that a node names.
type target struct {
	server  int
	address string
}

// stayConnected has the client connected as long as it lives (RpcClient.start).
func (c *Client) stayConnected(ctx context.Context) {
	next := c.options.First
	for {
		n := c.connectSomewhere(ctx, next)
		if n == nil {
			break
		}
		c.adopt(n)
		next = c.keep(ctx, n)
		if ctx.Err() != nil {
			break
		}
	}
	c.mu.Lock()
	current := c.current
	c.mu.Unlock()
	if current != nil {
		current.end(errClosed)
	}
}

// connectSomewhere asks one server after another until one takes the client; nil if the context ends before (RpcClient.reconnect).
func (c *Client) connectSomewhere(ctx context.Context, server int) *connection {
	for attempt := 0; ctx.Err() == nil; attempt++ {
		c.gate.pass()
		if n := c.try(ctx, target{server, c.addresses[server]}); n != nil {
			return n
		}
		server = (server + 1) % len(c.addresses)
		turns := (attempt + 1) / len(c.addresses)
		pause(ctx, time.Duration(min(turns+1, turnLimit))*turnDelay)
	}
	return nil
}

func (c *Client) try(ctx context.Context, to target) *connection {
	n, err := c.connect(ctx, to.server, to.address)
	if err != nil {
		c.log.Info("client.refused", "server", c.options.Servers[to.server], "error", err.Error())
		return nil
	}
	c.log.Info("client.connected", "server", c.options.Servers[to.server], "connection", n.id)
	return n
}

// keep looks after a connection until it is over, and returns the place of the server to go to next. While it lasts, another may
// have taken its place: the one that the node itself named.
func (c *Client) keep(ctx context.Context, n *connection) (next int) {
	n.active.Store(time.Now().UnixNano())
	quiet := time.NewTimer(keepAliveTime)
	defer quiet.Stop()
	for {
		next = (n.server + 1) % len(c.addresses)
		select {
		case <-ctx.Done():
			return next
		case <-n.ended:
			return next
		case reset := <-n.redirect:
			c.gate.pass()
			other := c.follow(ctx, n, reset)
			if other == nil {
				n.end(errors.New("the node sent the client elsewhere"))
				return next
			}
			c.adopt(other)
			n = other
		case <-n.doubt:
			if !c.check(ctx, n) {
				return next
			}
		case <-quiet.C:
			c.gate.pass()
			since := time.Since(time.Unix(0, n.active.Load()))
			if since >= keepAliveTime {
				if !c.check(ctx, n) {
					return next
				}
				since = 0
			}
			quiet.Reset(keepAliveTime - since)
		}
	}
}

// check gives a sign of life. A node that takes none of several has lost the client (RpcClient.healthCheck).
func (c *Client) check(ctx context.Context, n *connection) bool {
	var err error
	for range healthChecks {
		c.gate.pass()
		call, cancel := context.WithTimeout(ctx, checkTimeout)
		err = n.call(call, rpc.HealthCheckRequest{}, new(rpc.HealthCheckResponse))
		cancel()
		if err == nil {
			return true
		}
		if ctx.Err() != nil || n.over() || unregistered(err) {
			break
		}
	}
	n.end(err)
	return false
}

// unregistered says whether an error is a node's that does not know the connection.
func unregistered(err error) bool {
	var answered *rpc.Error
	return errors.As(err, &answered) && answered.Code == rpc.CodeUnregistered
}

// follow connects to the server that a node names, while the connection to that node still serves; nil if there is none or it does
// not take the client.
func (c *Client) follow(ctx context.Context, n *connection, reset rpc.ConnectResetRequest) *connection {
	if reset.ServerIP == "" {
		return nil
	}
	port, err := strconv.Atoi(reset.ServerPort)
	if err != nil {
		c.log.Warn("client.redirect", "error", "port "+strconv.Quote(reset.ServerPort)+": want a number")
		return nil
	}
	to := target{n.server, net.JoinHostPort(reset.ServerIP, strconv.Itoa(port+rpc.SDKOffset))}
	for place, address := range c.addresses {
		if address == to.address {
			to.server = place
			return c.try(ctx, to)
		}
	}
	// It is none of the servers that the client was given, and must not count as one of them.
	c.log.Warn("client.redirect", "error", to.address+" is none of the client's servers")
	return nil
}

// pause waits, less if the context ends.
func pause(ctx context.Context, length time.Duration) {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
