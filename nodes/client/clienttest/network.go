package clienttest

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"syscall"
	"testing"
)

// Network connects clients with the servers that it runs.
type Network struct {
	t       testing.TB
	mu      sync.Mutex
	servers map[string]*server
	silent  map[string]bool
	// lines are the connections to servers of other protocols (Listen).
	listeners map[string]*listener
	lines     []*line
	dialled   int
}

// New makes a network without servers. When the test ends, it ends the servers.
func New(t testing.TB) *Network {
	return &Network{t: t, servers: map[string]*server{}, silent: map[string]bool{}, listeners: map[string]*listener{}}
}

// Serve starts a server at an address such as 10.0.0.1:8848, in place of one that runs there already.
func (n *Network) Serve(address string, handler http.Handler) {
	n.Stop(address)
	s := &server{connections: make(chan net.Conn), closed: make(chan struct{})}
	s.http.Handler, s.http.ErrorLog = handler, log.New(io.Discard, "", 0)
	n.mu.Lock()
	n.servers[address] = s
	delete(n.silent, address)
	n.mu.Unlock()
	go s.http.Serve(s)
	n.t.Cleanup(func() { s.http.Close() })
}

// Stop ends the server at an address, if there is one: connections break, and new ones are refused.
func (n *Network) Stop(address string) {
	n.mu.Lock()
	s := n.servers[address]
	delete(n.servers, address)
	n.mu.Unlock()
	if s != nil {
		s.http.Close()
	}
}

// Silence makes new connections to an address wait for ever, as if packets to it were lost, until Serve is called for it.
func (n *Network) Silence(address string) {
	n.Stop(address)
	n.mu.Lock()
	n.silent[address] = true
	n.mu.Unlock()
}

// Dial connects to a server; it fits client.Config.Dial. Where nobody listens the connection is refused.
func (n *Network) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	n.mu.Lock()
	s, silent := n.servers[address], n.silent[address]
	n.mu.Unlock()
	if l := n.listener(address); l != nil && !silent {
		return n.connect(ctx, network, l)
	}
	if silent {
		<-ctx.Done()
		return nil, &net.OpError{Op: "dial", Net: network, Err: ctx.Err()}
	}
	if s != nil {
		near, far := net.Pipe()
		select {
		case s.connections <- far:
			return near, nil
		case <-s.closed:
		case <-ctx.Done():
			return nil, &net.OpError{Op: "dial", Net: network, Err: ctx.Err()}
		}
	}
	return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
}

// server is an HTTP server and its own listener.
type server struct {
	http        http.Server
	connections chan net.Conn
	close       sync.Once
	closed      chan struct{}
}

func (s *server) Accept() (net.Conn, error) {
	select {
	case connection := <-s.connections:
		return connection, nil
	case <-s.closed:
		return nil, errors.New("the server has ended")
	}
}

func (s *server) Close() error {
	s.close.Do(func() { close(s.closed) })
	return nil
}

func (s *server) Addr() net.Addr { return &net.TCPAddr{} }
