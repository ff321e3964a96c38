package rpc

import (
	"net"
	"strconv"
	"sync/atomic"
	"time"
)

// namingListener names each connection when it comes in, and tells when it has ended. gRPC tells of connections too (package stats), but
// then tells of each request besides, which takes a thirtieth of the time that a request takes in all.
type namingListener struct {
	net.Listener
	server *Server
}

// Accept waits for the next connection.
func (l namingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	at := conn.RemoteAddr()
	host, port, err := net.SplitHostPort(at.String())
	if err != nil {
		host, port = at.String(), "0"
	}
	id := strconv.FormatInt(time.Now().UnixMilli(), 10) + "_" + host + "_" + port
	named := &namedConn{Conn: conn, address: namedAddress{at, id}, server: l.server}
	if l.server.sdk != nil {
		l.server.sdk.opened(id, named)
	}
	return named, nil
}

// namedAddress is the remote end of a connection, by which gRPC's contexts bring along what the connection is called.
type namedAddress struct {
	net.Addr
	connectionID string
}

// namedConn is a connection of a server's.
type namedConn struct {
	net.Conn
	address namedAddress
	server  *Server
	inflow  inflow
	closed  atomic.Bool
}

// RemoteAddr is a namedAddress.
func (c *namedConn) RemoteAddr() net.Addr { return c.address }

// Read reads, and counts what is unfinished. One goroutine of gRPC's reads a connection.
func (c *namedConn) Read(into []byte) (int, error) {
	n, err := c.Conn.Read(into)
	before := c.inflow.held
	c.inflow.read(into[:n])
	if more := c.inflow.held - before; more != 0 {
		c.server.unfinished.add(c, more)
		if c.closed.Load() { // meanwhile
			c.server.unfinished.forget(c)
		}
	}
	return n, err
}

// Close closes the connection, whichever side has ended it.
func (c *namedConn) Close() error {
	err := c.Conn.Close()
	c.closed.Store(true)
	c.server.unfinished.forget(c)
	if c.server.sdk != nil {
		c.server.sdk.closed(c.address.connectionID)
	}
	return err
}
