package rpc

import (
	"context"
	"net"
	"sync"
	"time"

	"google.golang.org/grpc"
)

// link is the connection to a peer, made anew whenever it breaks. It notes how long the peer has been silent though it was asked.
type link struct {
	*grpc.ClientConn
	connect func(ctx context.Context, network, address string) (net.Conn, error)

	mu sync.Mutex
	// wire is the connection of the moment, nil before the first.
	wire net.Conn
	// asked is since when there is a request after which nothing has come in; zero if there is none.
	asked time.Time
}

// ask notes that a request goes out.
func (l *link) ask() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.asked.IsZero() {
		l.asked = time.Now()
	}
}

// heard notes that something came in.
func (l *link) heard() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = time.Time{}
}

// doubt is told of a request without an answer. It ends the connection of the moment if that has been silent for long.
func (l *link) doubt() {
	l.mu.Lock()
	wire := l.wire
	broken := !l.asked.IsZero() && time.Since(l.asked) >= silence
	if broken {
		l.asked = time.Time{} // the next connection has a time of its own
	}
	l.mu.Unlock()
	if broken && wire != nil {
		_ = wire.Close() // its other end does not answer anyway
	}
}

// dial connects so that closing the connection drops what it has not sent yet: a request that was given up must not arrive after all,
// once a cut has healed. Where the system has no such option, it may.
func (l *link) dial(ctx context.Context, address string) (net.Conn, error) {
	connection, err := l.connect(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	if tcp, ok := connection.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	w := wire{connection, l}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wire = w
	return w, nil
}

// wire is one connection of a link.
type wire struct {
	net.Conn
	link *link
}

// Read tells the link that the peer lives.
func (w wire) Read(into []byte) (int, error) {
	n, err := w.Conn.Read(into)
	if n > 0 {
		w.link.heard()
	}
	return n, err
}
