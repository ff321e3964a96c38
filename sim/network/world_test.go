package network_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/sim/network"
	"muster/sim/queue"
	"muster/sim/random"
)

// The machines of these tests.
const (
	a network.Host = iota + 1
	b
	c
)

// exact is a link on which every packet takes a millisecond.
var exact = network.Link{Latency: network.Latency{Min: time.Millisecond, Mean: time.Millisecond}}

// world is a network with a clock, and nothing else.
type world struct {
	*network.Network
	t *testing.T
	q queue.Queue
}

// newWorld connects a, b and c by exact links.
func newWorld(t *testing.T) *world {
	w := &world{Network: network.New(random.New(1)), t: t}
	for h, address := range map[network.Host]string{a: "10.0.0.1", b: "10.0.0.2", c: "10.0.0.3"} {
		require.NoError(t, w.AddHost(h, netip.MustParseAddr(address)))
	}
	w.SetDefaultLink(&w.q, exact)
	return w
}

func (w *world) now() time.Duration { return time.Duration(w.q.Now()) }

// run lets time pass until a moment.
func (w *world) run(until time.Duration) {
	for {
		e, ok := w.q.Peek()
		if !ok || e.At > int64(until) {
			w.q.Advance(int64(until))
			return
		}
		w.q.Pop()
		w.Handle(&w.q, e)
	}
}

// pass lets time pass.
func (w *world) pass(d time.Duration) { w.run(w.now() + d) }

// runUntil lets time pass until something is so, and returns when that was. It fails the test if it never comes to be.
func (w *world) runUntil(what string, so func() bool) time.Duration {
	w.t.Helper()
	for !so() {
		e, ok := w.q.Pop()
		require.True(w.t, ok, "nothing will happen any more, and never was %s", what)
		w.Handle(&w.q, e)
	}
	return w.now()
}

func at(text string) netip.AddrPort { return netip.MustParseAddrPort(text) }

func (w *world) listen(h network.Host, address string, backlog int) network.Socket {
	w.t.Helper()
	s, err := w.ListenTCP(&w.q, h, at(address), backlog)
	require.Equal(w.t, network.OK, err)
	return s
}

func (w *world) connect(h network.Host, address string) network.Socket {
	w.t.Helper()
	s, err := w.Connect(&w.q, h, netip.AddrPort{}, at(address))
	require.Equal(w.t, network.OK, err)
	return s
}

// pair opens a connection from one machine to another.
func (w *world) pair(from, to network.Host) (client, server network.Socket) {
	w.t.Helper()
	address := map[network.Host]string{a: "10.0.0.1:80", b: "10.0.0.2:80", c: "10.0.0.3:80"}[to]
	l := w.listen(to, address, 1)
	client = w.connect(from, address)
	w.runUntil("acceptable", func() bool { return w.Readable(l) })
	server, err := w.Accept(&w.q, l)
	require.Equal(w.t, network.OK, err)
	require.Equal(w.t, network.OK, w.TakeError(client))
	require.Equal(w.t, network.OK, w.Close(&w.q, l))
	return client, server
}

func (w *world) send(s network.Socket, text string) {
	w.t.Helper()
	size, err := w.Send(&w.q, s, []byte(text))
	require.Equal(w.t, network.OK, err)
	require.Equal(w.t, len(text), size)
}

// read reads what is there, to the end of it.
func (w *world) read(s network.Socket) (string, network.Errno) {
	var all []byte
	for {
		var p [1000]byte
		size, err := w.Receive(&w.q, s, p[:])
		all = append(all, p[:size]...)
		if size == 0 {
			return string(all), err
		}
	}
}

// requireRead fails the test unless just this is there to be read, with EAGAIN after it.
func (w *world) requireRead(s network.Socket, want string) {
	w.t.Helper()
	got, err := w.read(s)
	require.Equal(w.t, want, got)
	require.Equal(w.t, network.EAGAIN, err)
}

// requireEnd fails the test unless just this is there to be read, and after it the end of the stream or an error.
func (w *world) requireEnd(s network.Socket, want string, end network.Errno) {
	w.t.Helper()
	got, err := w.read(s)
	require.Equal(w.t, want, got)
	require.Equal(w.t, end, err)
}
