package intake

import (
	"cmp"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
)

// The limits of a port that says nothing else.
const (
	// DefaultAll is Tomcat's (maxConnections).
	DefaultAll        = 8192
	DefaultPerAddress = 1024
)

// Limits of a port. Zero values mean the defaults.
type Limits struct {
	// All is how many connections there are at once. More wait to be taken in.
	All int
	// PerAddress is how many of them come from one IP address. More are closed at once. (Nacos has such a limit for gRPC,
	// countLimitPerClientIpDefault, which is off unless an operator sets it.)
	PerAddress int
}

// Listener takes in only so many connections. Make it with Listen.
type Listener struct {
	net.Listener
	limits Limits
	// refused counts connections that were one too many from their address.
	refused *atomic.Uint64
	places  chan struct{}
	closed  chan struct{}
	close   func()

	mu sync.Mutex
	// open counts the connections from each address.
	open map[netip.Addr]int
}

// Listen has a listener take in no more connections than the limits say. It adds to the count each that was closed since there were too
// many from its address; several listeners may share one.
func Listen(listener net.Listener, limits Limits, refused *atomic.Uint64) *Listener {
	limits.All, limits.PerAddress = cmp.Or(limits.All, DefaultAll), cmp.Or(limits.PerAddress, DefaultPerAddress)
	closed := make(chan struct{})
	return &Listener{
		Listener: listener, limits: limits, refused: refused, places: make(chan struct{}, limits.All),
		closed: closed, close: sync.OnceFunc(func() { close(closed) }), open: map[netip.Addr]int{},
	}
}

// Accept waits for the next connection for which there is room.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case l.places <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	for {
		connection, err := l.Listener.Accept()
		if err != nil {
			<-l.places
			return nil, err
		}
		address := addressOf(connection)
		if l.enters(address) {
			return &taken{Conn: connection, leave: sync.OnceFunc(func() { l.leaves(address) })}, nil
		}
		l.refused.Add(1)
		_ = connection.Close() // it is not wanted anyway
	}
}

// Close stops listening. Connections stay.
func (l *Listener) Close() error {
	l.close()
	return l.Listener.Close()
}

// addressOf is where a connection comes from; the zero Addr, which is one like others, if that is no IP address.
func addressOf(connection net.Conn) netip.Addr {
	at, err := netip.ParseAddrPort(connection.RemoteAddr().String())
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr().Unmap()
}

func (l *Listener) enters(address netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[address] >= l.limits.PerAddress {
		return false
	}
	l.open[address]++
	return true
}

func (l *Listener) leaves(address netip.Addr) {
	l.mu.Lock()
	l.open[address]--
	if l.open[address] == 0 {
		delete(l.open, address)
	}
	l.mu.Unlock()
	<-l.places
}

// taken is a connection that was taken in.
type taken struct {
	net.Conn
	// leave makes room for another, once.
	leave func()
}

// Close ends it.
func (t *taken) Close() error {
	t.leave()
	return t.Conn.Close()
}

// CloseWrite ends what is sent, so that the other end reads all of it. Where the connection cannot, it does nothing.
func (t *taken) CloseWrite() error {
	if half, ok := t.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
