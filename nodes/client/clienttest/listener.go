package clienttest

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"syscall"

	"google.golang.org/grpc/test/bufconn"
)

// lineBuffer is how many bytes wait on a line in one direction.
const lineBuffer = 1 << 20

// listener takes in connections that have buffers and addresses, as those of TCP have.
type listener struct {
	*bufconn.Listener
	address net.Addr
}

// Listen opens an address for a server that is not HTTP's, in place of one that listened there. Whoever serves closes it.
func (n *Network) Listen(address string) net.Listener {
	l := &listener{bufconn.Listen(lineBuffer), tcpAddress(address)}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.listeners[address] = l
	delete(n.silent, address)
	return l
}

func (n *Network) listener(address string) *listener {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.listeners[address]
}

// Addr is what was opened.
func (l *listener) Addr() net.Addr { return l.address }

// Accept waits for the next connection.
func (l *listener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	// The first bytes of a connection are its number, which makes the far end's address.
	var number [2]byte
	if _, err := conn.Read(number[:]); err != nil {
		return nil, err
	}
	return ends{conn, l.address, farAddress(int(number[0])<<8 | int(number[1]))}, nil
}

func (n *Network) connect(ctx context.Context, network string, l *listener) (net.Conn, error) {
	refused := &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
	n.mu.Lock()
	n.dialled++
	number := n.dialled
	n.mu.Unlock()
	conn, err := l.DialContext(ctx)
	if err != nil {
		return nil, refused
	}
	if _, err := conn.Write([]byte{byte(number >> 8), byte(number)}); err != nil {
		return nil, refused
	}
	one := &line{Conn: ends{conn, farAddress(number), l.address}, to: l.address.String()}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lines = append(n.lines, one)
	return one, nil
}

// Cut loses whatever clients send from now on to an address that was opened with Listen, over connections that there are and new
// ones alike. What the server sends still arrives. Mend ends it for new connections.
func (n *Network) Cut(address string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.silent[address] = true
	for _, one := range n.lines {
		if one.to == address {
			one.cut.Store(true)
		}
	}
}

// Mend lets new connections to an address that was cut through again.
func (n *Network) Mend(address string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.silent, address)
}

// line is a connection that can be cut.
type line struct {
	net.Conn
	to  string
	cut atomic.Bool
}

// Write loses what is written once the line is cut.
func (l *line) Write(bytes []byte) (int, error) {
	if l.cut.Load() {
		return len(bytes), nil
	}
	return l.Conn.Write(bytes)
}

// ends gives a connection addresses.
type ends struct {
	net.Conn
	local, remote net.Addr
}

func (e ends) LocalAddr() net.Addr  { return e.local }
func (e ends) RemoteAddr() net.Addr { return e.remote }

// farAddress is that of the client end of the connection of a number.
func farAddress(number int) net.Addr { return tcpAddress(fmt.Sprintf("10.9.0.1:%d", 20000+number)) }

// tcpAddress reads "ip:port", which a test writes.
func tcpAddress(text string) net.Addr {
	address, err := net.ResolveTCPAddr("tcp", text)
	if err != nil {
		panic(err)
	}
	return address
}
